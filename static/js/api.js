// Swagger UI brings a main landmark of its own into ours; a page has one.
const reference = document.getElementById("swagger-ui");
new MutationObserver((_changes, observer) => {
  const second = reference.querySelector("main");
  if (!second) return;
  second.setAttribute("role", "group");
  observer.disconnect();
}).observe(reference, { childList: true, subtree: true });
