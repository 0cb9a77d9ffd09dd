// One question to the API: JSON in, JSON out, a refusal as an Error that says what the problem document says. The token
// lives in this tab's sessionStorage and goes nowhere but into the header of a change.

const TOKEN = "lb-token";

export const wantsToken = document.documentElement.dataset.token === "wanted";
export const token = () => sessionStorage.getItem(TOKEN);
export const keepToken = (value) => sessionStorage.setItem(TOKEN, value);
export const dropToken = () => sessionStorage.removeItem(TOKEN);

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export async function ask(method, path, { body, epoch } = {}) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (epoch != null) headers["If-Match"] = `"${epoch}"`;
  if (method !== "GET" && token()) headers.Authorization = `Bearer ${token()}`;
  let response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Refused(0, "lb doesn't answer");
  }
  const document = await response.json().catch(() => ({}));
  if (response.ok) return document;
  throw new Refused(response.status, document.detail ?? document.message ?? `status ${response.status}`);
}
