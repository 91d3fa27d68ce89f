/**
 * The password of a URL: from the colon behind the user to the last @ of the text, or before the next URL.
 * People write passwords without encoding, so any character may stand between. A port is no password.
 */
const IN_URL = /([a-z][a-z0-9+.-]*:\/\/[^\s:/"]*):(?!\d{1,5}(?:[/?#\s"'),;]|$))(?:(?!:\/\/)[^"\n])*@/gi;

/** Passwords in a query or a connection string: `?password=`, ` sslpassword=`, `&sentinelPassword=`. */
const AS_PARAMETER = /((?:^|[?&;\s])(?:ssl_?|sentinel)?(?:password|pass|pwd|token)=)[^&\s"]*/gi;

/** Hides the passwords of all connection URLs and parameters in a text. */
export function redact(text: string): string {
  return text.replaceAll(IN_URL, '$1:***@').replaceAll(AS_PARAMETER, '$1***');
}
