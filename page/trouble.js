/** What a visitor can understand and do something about: the message is a sentence to show. */
export class Trouble extends Error {}
