/** The text before user and password, these with their "@", the hosts, and the rest from "/", "?" or "#" on. */
const PARTS = /^(postgres(?:ql)?:\/\/)([^/?#]*@)?([^/?#]*)(.*)$/is;
/** Parameters of libpq that choose among hosts. */
const CHOOSING = /([?&])(?:target_session_attrs|load_balance_hosts)=[^&#]*/gi;
const QUERY_HOSTS = /([?&]host=)([^&#]*)/i;
const QUERY_PORTS = /([?&]port=)([^&#]*)/i;

/** The hosts of a URL, each as a URL of its own, in the order of the URL. A URL with one host comes back as it is. */
export function urlsOfHosts(url: string): string[] {
  const [, protocol = '', user = '', hosts = '', rest = ''] = PARTS.exec(url) ?? [];
  const listed = hosts.split(',');
  const named = decoded(QUERY_HOSTS.exec(url)?.[2] ?? '').split(',');
  if (listed.length < 2 && named.length < 2) return [url];
  if (named.length < 2) return listed.map(host => withoutChoice(`${protocol}${user}${host}${rest}`));
  const ports = decoded(QUERY_PORTS.exec(url)?.[2] ?? '').split(',');
  return named.map((host, index) => {
    const port = ports.length > 1 ? ports[index] : ports[0];
    return withoutChoice(url)
      .replace(QUERY_HOSTS, (_, name: string) => `${name}${encodeURIComponent(host)}`)
      .replace(QUERY_PORTS, (_, name: string) => `${name}${port ?? ''}`);
  });
}

function withoutChoice(url: string): string {
  return url.replaceAll(CHOOSING, (_, mark: string) => mark).replace(/\?&+/, '?');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What is wrong with the choice among the hosts of a URL, as a predicate; undefined if nothing is. */
export function mistakeInHosts(url: string): string | undefined {
  const attribute = /[?&]target_session_attrs=([^&#]*)/i.exec(url)?.[1];
  if (attribute !== undefined && !['any', 'read-write', 'primary'].includes(attribute))
    return `has target_session_attrs=${attribute}: walmq needs a primary, so it must be read-write or primary`;
  const named = decoded(QUERY_HOSTS.exec(url)?.[2] ?? '').split(',');
  const ports = decoded(QUERY_PORTS.exec(url)?.[2] ?? '').split(',');
  if (ports.length > 1 && ports.length !== named.length)
    return `names ${named.length} hosts and ${ports.length} ports: give one port, or one for each host`;
  if (urlsOfHosts(url).length > 1 && named.length < 2 && ports[0] !== '')
    return 'names several hosts, and a port for all in its query: write the port behind each host';
  return undefined;
}
