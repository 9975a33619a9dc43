// Asking our own server for JSON, and telling its answers apart.

/** The server answered with an error: `status`, its JSON as `answer`, `retryAfter` in ms or null. */
export class Refused extends Error {
  constructor(status, answer, retryAfter) {
    super(answer?.detail ?? `HTTP ${status}`);
    this.status = status;
    this.answer = answer;
    this.retryAfter = retryAfter;
  }

  /** The sentence for a person, if the server wrote one. */
  get sentence() {
    return this.answer?.detail ?? "";
  }

  /** Whether the same request may succeed later without anybody changing it. */
  get isTemporary() {
    return this.status >= 500 || [408, 425, 429].includes(this.status);
  }
}

/** Nobody answered, or something else than our server did. */
export class Unreachable extends Error {}

/**
 * GET, or POST of `data`, and the JSON that comes back.
 * Throws `Refused` for an error answer and `Unreachable` for none.
 */
export async function requestJson(url, { data, headers = {}, timeout = 15_000 } = {}) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeout);
  try {
    const response = await fetch(url, {
      method: data === undefined ? "GET" : "POST",
      body: data === undefined ? undefined : JSON.stringify(data),
      headers: {
        Accept: "application/json",
        ...(data === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      credentials: "same-origin",
      cache: "no-store",
      signal: abort.signal,
    });
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
    const answer = isJson ? await response.json() : null;
    if (!response.ok) {
      const seconds = parseFloat(response.headers.get("Retry-After") ?? "");
      throw new Refused(response.status, answer, seconds >= 0 ? seconds * 1000 : null);
    }
    if (answer === null) throw new Unreachable("not our server's answer");
    return answer;
  } catch (error) {
    if (error instanceof Refused || error instanceof Unreachable) throw error;
    throw new Unreachable(error.message);
  } finally {
    clearTimeout(timer);
  }
}

/** Milliseconds to wait before try number `tries` (0, 1, …): exponential with full jitter. */
export const backoff = (tries, { first = 200, most = 8_000 } = {}) =>
  Math.random() * Math.min(most, first * 2 ** Math.min(tries, 16));
