// Browsers let a page that was opened from a disk load neither modules nor networks.
if (location.protocol === "file:") {
  document.getElementById("detail").textContent =
    "A page opened as a file cannot load its parts. README.md beside it says how to serve it.";
}
