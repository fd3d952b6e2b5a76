// Who is here: an account, or an anonymous viewer whose For You learns too. The session itself is a
// cookie that scripts cannot read; this holds what the server says about it.
import { api } from "../api/client";
import { as_api_error } from "../api/problem";
import type { Session } from "../api/types";
import { language } from "../i18n/index.svelte";
import { first_visit } from "./preferences.svelte";

class Viewer {
  session = $state.raw<Session | undefined>();
  /** Rises whenever it is somebody else: feeds start afresh. */
  changes = $state(0);
  #arriving: Promise<Session> | undefined;

  get account() {
    return this.session?.account;
  }

  /** The session, made if there is none. One request at a time, however many ask. */
  arrive(): Promise<Session> {
    if (this.session) return Promise.resolve(this.session);
    this.#arriving ??= this.#arrive().finally(() => (this.#arriving = undefined));
    return this.#arriving;
  }

  /** Runs `call`; when the session has ended on the server, once more with a new one. */
  async with_session<T>(call: () => Promise<T>): Promise<T> {
    await this.arrive();
    try {
      return await call();
    } catch (thrown) {
      if (as_api_error(thrown).status !== 401) throw thrown;
      const had_account = this.account !== undefined;
      this.session = undefined;
      await this.arrive();
      if (had_account) this.changes += 1;
      return await call();
    }
  }

  async sign_up(handle: string, password: string): Promise<void> {
    this.#become(await api.sign_up(handle, password, language.locale));
  }

  async sign_in(handle: string, password: string): Promise<void> {
    this.#become(await api.sign_in(handle, password));
  }

  async sign_out(): Promise<void> {
    await api.sign_out();
    this.session = undefined;
    this.session = await api.new_viewer(language.locale);
    this.changes += 1;
  }

  /** Whether followers may be shown what this account likes. */
  async share_likes(shares: boolean): Promise<void> {
    const account = await api.change_account({ shares_likes: shares });
    if (this.session) this.session = { ...this.session, account };
  }

  #become(session: Session): void {
    this.session = session;
    this.changes += 1;
  }

  async #arrive(): Promise<Session> {
    // On the first visit there is no session to ask for: one answer less to wait for.
    if (first_visit()) return (this.session = await api.new_viewer(language.locale));
    try {
      this.session = await api.current_session();
    } catch (thrown) {
      if (as_api_error(thrown).status !== 401) throw thrown;
      this.session = await api.new_viewer(language.locale);
    }
    return this.session;
  }
}

export const viewer = new Viewer();
