// If the modules did not start (a library is missing), say so instead of showing an empty page.
addEventListener("load", () => {
  const boot = document.querySelector("#boot");
  if (boot) boot.hidden = false;
});
