// An API client as anybody could write it: bearer tokens, JSON, problem+json as exceptions.

export class ProblemError extends Error {
  readonly status: number;
  readonly problem: any;
  constructor(status: number, problem: any) {
    super(`${status} ${problem?.title}: ${problem?.detail}`);
    this.status = status;
    this.problem = problem;
  }
}

export class Client {
  readonly url: string;
  token: string | undefined;
  language: string | undefined; // for Accept-Language
  constructor(url: string, token?: string) {
    this.url = url;
    this.token = token;
  }

  async raw(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const all: Record<string, string> = { ...headers };
    if (this.language) all["accept-language"] = this.language;
    if (this.token) all.authorization = `Bearer ${this.token}`;
    if (body !== undefined) all["content-type"] = "application/json";
    return await fetch(this.url + path, {
      method, headers: all, body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
  }

  async call(method: string, path: string, body?: unknown): Promise<any> {
    const response = await this.raw(method, path, body);
    const text = await response.text();
    const value = text === "" ? undefined : JSON.parse(text);
    if (!response.ok) throw new ProblemError(response.status, value);
    return value;
  }
  get(path: string) { return this.call("GET", path); }
  post(path: string, body: unknown = {}) { return this.call("POST", path, body); }

  async anonymous(): Promise<this> {
    this.token = (await this.post("/api/v1/viewers")).token;
    return this;
  }
  async signUp(handle: string, password = "correct horse battery"): Promise<this> {
    this.token = (await this.post("/api/v1/accounts", { handle, password })).token;
    return this;
  }
  async signIn(handle: string, password = "correct horse battery"): Promise<this> {
    this.token = (await this.post("/api/v1/sessions", { handle, password })).token;
    return this;
  }
}

let sequence = 0;
export function eventId(): string {
  sequence += 1;
  return `t${process.pid.toString(36)}${sequence.toString(36).padStart(8, "0")}`.slice(0, 16).padEnd(8, "x");
}
