/** Whom a password is for. */
export interface PasswordTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** Answers with the password for one new connection. */
export type AskPassword = (target: PasswordTarget) => string | Promise<string>;

/** A postgres:// URL, or one whose password is asked for at each new connection. */
export type DatabaseUrl = string | { readonly url: string; readonly password: AskPassword };

export function urlText(database: DatabaseUrl): string {
  return typeof database === 'string' ? database : database.url;
}

/** The same way to the password, with another URL. */
export function withUrl(database: DatabaseUrl, url: string): DatabaseUrl {
  return typeof database === 'string' ? url : { ...database, url };
}
