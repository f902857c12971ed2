// Uploads with progress: `upload(url, file, {onProgress})` for a file, and every form marked `data-upload`.

export function csrf() {
  return JSON.parse(document.body.getAttribute("hx-headers:inherited") ?? "{}")["X-CSRFToken"] ?? "";
}

// Resolves with the JSON answer; rejects with {sentence}. `.abort()` cancels.
export function upload(url, file, { onProgress = () => {} } = {}) {
  const request = new XMLHttpRequest();
  const promise = new Promise((resolve, reject) => {
    request.open("POST", url);
    request.setRequestHeader("X-CSRFToken", csrf());
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => (request.status < 300 ? resolve(request.response) : reject(request.response ?? {}));
    request.onerror = () => reject({});
    request.onabort = () => reject({ aborted: true });
    const body = new FormData();
    body.append("file", file);
    request.send(body);
  });
  promise.abort = () => request.abort();
  return promise;
}

// A form with files shows how far it is; the answer replaces the page as an ordinary submit would.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-upload]") || event.defaultPrevented) return;
  const files = [...form.querySelectorAll("input[type=file]")].some((input) => input.files.length);
  const progress = form.querySelector("progress.upload");
  if (!files || !progress) return;
  event.preventDefault();
  const request = new XMLHttpRequest();
  request.open("POST", form.action || location.href);
  request.upload.onprogress = ({ loaded, total }) => {
    progress.hidden = false;
    progress.value = (100 * loaded) / total;
  };
  request.onload = () => {
    if (request.status < 300 && request.responseURL !== location.href) return location.assign(request.responseURL);
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    document.querySelector("#main").replaceWith(page.querySelector("#main"));
    progress.hidden = true;
  };
  request.onerror = () => {
    progress.hidden = true;
  };
  request.send(new FormData(form, event.submitter));
});
