// Browsers let a page that was opened from a disk load neither modules nor networks.
if (location.protocol === "file:") {
  document.getElementById("detail").textContent =
    "Opened from a disk, this page may not load its parts. Its README.md says how to send it.";
}
