// Filters the findings, and opens what a link points into. The page works without it.
(function () {
  "use strict";

  const form = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const resources = Array.from(document.querySelectorAll("details.resource"), (element) => ({
    element,
    head: element.querySelector("summary").textContent.toLowerCase(),
    findings: Array.from(element.querySelectorAll(".finding")),
  }));

  function apply() {
    const wanted = new FormData(form);
    const statuses = wanted.getAll("status");
    const text = wanted.get("text").trim().toLowerCase();
    const fits = (finding, name) => !wanted.get(name) || finding.dataset[name] === wanted.get(name);
    let number = 0;
    for (const resource of resources) {
      const byName = !text || resource.head.includes(text);
      let visible = 0;
      for (const finding of resource.findings) {
        const isShown =
          statuses.includes(finding.dataset.status) &&
          fits(finding, "level") &&
          fits(finding, "severity") &&
          fits(finding, "area") &&
          (byName || finding.textContent.toLowerCase().includes(text));
        finding.hidden = !isShown;
        visible += isShown ? 1 : 0;
      }
      resource.element.hidden = !visible;
      number += visible;
    }
    const total = resources.reduce((sum, resource) => sum + resource.findings.length, 0);
    shown.textContent = `${number} of ${total} findings`;
  }

  function reveal() {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    if (form && (target.hidden || target.closest("[hidden]"))) {
      form.reset();
      apply();
    }
    const inside = target.matches("tr") ? target.querySelector("details") : target;
    for (let element = inside; element; element = element.parentElement) {
      if (element.matches("details")) element.open = true;
    }
    const focused = target.matches("details") ? target.querySelector("summary") : target;
    if (!focused.matches("summary, main")) focused.tabIndex = -1;
    focused.focus({ preventScroll: true });
    target.scrollIntoView();
  }

  function setOpen(isOpen) {
    for (const resource of resources) if (!resource.element.hidden) resource.element.open = isOpen;
  }

  if (form) {
    form.hidden = false;
    form.addEventListener("input", apply);
    form.addEventListener("reset", () => setTimeout(apply));
    form.addEventListener("submit", (event) => event.preventDefault());
    document.getElementById("open-all").addEventListener("click", () => setOpen(true));
    document.getElementById("close-all").addEventListener("click", () => setOpen(false));
    apply();
  }
  addEventListener("hashchange", reveal);
  addEventListener("beforeprint", () => setOpen(true));
  if (location.hash) reveal();
})();
