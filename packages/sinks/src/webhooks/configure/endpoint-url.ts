/** The URL, or what is wrong with it as the end of a sentence. Its text is not part of that: its path may be a secret. */
export function endpointUrl(text: string, allowHttp: boolean): URL | string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.username || url?.password) return 'must hold no user and no password';
  if (url?.protocol === 'https:' || (allowHttp && url?.protocol === 'http:')) return url;
  return `must be an https:// URL${allowHttp ? ' or an http:// one' : ', or set allowHttp: true'}`;
}
