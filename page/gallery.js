// The networks to choose from, as radio buttons with a picture.

/** choose: called with the name of a network when it was chosen. */
export function showGallery(fieldset, networks, chosen, choose) {
  const thumbnails = document.createElement("div");
  thumbnails.className = "thumbnails";
  for (const { name, title, thumbnail } of networks) {
    const label = document.createElement("label");
    label.className = "thumbnail";
    const input = Object.assign(document.createElement("input"), {
      type: "radio", name: "network", value: name, checked: name === chosen,
    });
    input.addEventListener("change", () => {
      label.scrollIntoView({ block: "nearest", inline: "nearest" });
      choose(name);
    });
    const caption = Object.assign(document.createElement("span"), { textContent: title });
    label.append(input, picture(thumbnail), caption);
    thumbnails.append(label);
  }
  fieldset.append(thumbnails);
}

/** A picture that says nothing that the text beside it does not say. */
export function picture(source) {
  return Object.assign(document.createElement("img"), { src: source, alt: "", draggable: false });
}
