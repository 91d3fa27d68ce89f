/**
 * The password of a URL: from the colon behind the user to the last @ of the same text, whatever stands between, as people
 * write passwords without encoding them; up to the next URL. A port is none.
 */
const IN_URL = /([a-z][a-z0-9+.-]*:\/\/[^\s:/"]*):(?!\d{1,5}(?:[/?#\s"'),;]|$))(?:(?!:\/\/)[^"\n])*@/gi;

/** ... and of a query or a connection string: `?password=`, ` sslpassword=`. */
const AS_PARAMETER = /((?:^|[?&;\s])(?:ssl_?)?(?:password|pass|pwd|token)=)[^&\s"]*/gi;

/** Hides the password of every connection URL in a text, and those in parameters. */
export function redact(text: string): string {
  return text.replaceAll(IN_URL, '$1:***@').replaceAll(AS_PARAMETER, '$1***');
}
