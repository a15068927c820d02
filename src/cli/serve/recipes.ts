// What `bouncelab serve` prints at its start: where the fleet listens, and what senders need to reach it.

import type { LiveHost, LivePlace, LivePlaces } from '../../live/fleet.js';
import { plural } from '../../reporters/figures.js';
import { pad } from '../../reporters/terminal/layout.js';
import { terminalLine } from '../../reporters/text.js';

/** Hosts that are listed, and routes in a recipe; a fleet may have thousands. */
const LISTED_MAX = 40;

const SMTP_PORT = 25;
const DNS_PORT = 53;
const DEFAULT = 'default';

/** The places of an open fleet, one a line. */
export function placeLines({ hosts, extra, shared, sharedV6, dns }: LivePlaces): string[] {
  const rows = [
    ...hosts.map((host) => [written(host), subject(host.domain, host.name)]),
    ...extra.map((place) => [written(place), subject(place.domain)]),
    ...(shared ? [[written(shared), 'every domain: the recipient chooses the host']] : []),
    ...(sharedV6 ? [[written(sharedV6), 'all IPv6 hosts: the recipient chooses the host']] : []),
    ...(dns ? [[written(dns), 'DNS, UDP and TCP']] : []),
  ];
  const width = Math.max(...rows.map(([place]) => place!.length));
  const lines = rows.map(([place, what]) => `  ${pad(place!, width)}  ${terminalLine(what!)}`);
  return folded(lines, 'place');
}

/** Settings of senders for this fleet, ready to paste. */
export function recipeLines(places: LivePlaces): string[] {
  const { shared, dns } = places;
  const routes = routesOf(places);
  const own = shared ? [{ domain: DEFAULT, places: [shared] }] : routes;
  const recipes = [
    dns ? byDns(places, dns) : [],
    shared ? ['Postfix (main.cf)', `  relayhost = ${bracketed(shared)}`] : postfix(routes),
    exim(own),
    programs(own),
  ];
  return recipes
    .filter((lines) => lines.length > 0)
    .flatMap((lines, nth) => (nth > 0 ? ['', ...lines] : lines));
}

/** A recipient domain and where its hosts listen, the preferred one first. */
interface Route {
  domain: string;
  places: LivePlace[];
}

function routesOf({ hosts }: LivePlaces): Route[] {
  const byDomain = new Map<string, LiveHost[]>();
  for (const host of hosts) byDomain.set(host.domain, [...(byDomain.get(host.domain) ?? []), host]);
  return Array.from(byDomain, ([domain, own]) => ({
    domain,
    places: [...own].sort((a, b) => a.preference - b.preference),
  }));
}

function byDns({ hosts }: LivePlaces, { address, port }: LivePlace): string[] {
  const resolver =
    port === DNS_PORT
      ? [`  /etc/resolv.conf: nameserver ${address}`]
      : [`  resolv.conf has no ports, so that only programs that take a port can ask ${address}:${port}`];
  const ports = [...new Set(hosts.map((host) => host.port))].filter((one) => one !== SMTP_PORT);
  const [common] = ports;
  return [
    'By DNS',
    ...resolver,
    ...(common === undefined
      ? []
      : ports.length === 1
        ? [
            `  DNS names no ports: Postfix needs smtp_tcp_port = ${common} (main.cf), Exim port = ${common} (transport)`,
          ]
        : ['  DNS names no ports: these hosts have different ones, so use the routes below']),
    `  node:dns: const resolver = new Resolver(); resolver.setServers(['${address}:${port}']);`,
  ];
}

/** Without an indent: to Postfix it continues the line before. */
function postfix(routes: readonly Route[]): string[] {
  const lines = routes.map(
    ({ domain, places }) => `${pattern(domain)} smtp:${places.map(bracketed).join(', ')}`,
  );
  return [
    'Postfix (main.cf: transport_maps = texthash:/etc/postfix/fleet, with this file)',
    ...folded(lines, 'route'),
  ];
}

/** With its list of hosts separated by `+`: addresses and ports have colons. */
function exim(routes: readonly Route[]): string[] {
  const lines = routes.map(({ domain, places }, index) => {
    const end = index < Math.min(routes.length, LISTED_MAX) - 1 ? ' ; \\' : '';
    return `      ${pattern(domain)} "<+ ${places.map(bracketed).join(' + ')}"${end}`;
  });
  return [
    'Exim (the first router, and a transport)',
    '  fleet:',
    '    driver = manualroute',
    '    transport = fleet_smtp',
    '    self = send',
    '    no_more',
    '    route_list = <; \\',
    ...folded(lines, 'route'),
    '  fleet_smtp:',
    '    driver = smtp',
    '    allow_localhost',
  ];
}

function programs([first]: readonly Route[]): string[] {
  const place = first?.places[0];
  if (!first || !place) return [];
  const { address, port } = place;
  const whom = first.domain === DEFAULT ? 'every domain' : first.domain;
  return [
    `nodemailer, for ${whom}`,
    `  nodemailer.createTransport({ host: '${address}', port: ${port}, tls: { rejectUnauthorized: false } })`,
    `smtplib, for ${whom}`,
    `  smtplib.SMTP('${address}', ${port})`,
  ];
}

function folded(lines: readonly string[], what: string): string[] {
  const rest = lines.length - LISTED_MAX;
  if (rest <= 0) return [...lines];
  return [...lines.slice(0, LISTED_MAX), `  and ${plural(rest, what)} more (--json has all)`];
}

function subject(domain: string, host?: string): string {
  if (domain === DEFAULT) return 'every other domain';
  return host === undefined ? domain : `${domain} (${host})`;
}

function pattern(domain: string): string {
  return domain === DEFAULT ? '*' : domain;
}

function bracketed({ address, port }: LivePlace): string {
  return `[${address}]:${port}`;
}

function written({ address, port }: LivePlace): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What to look out for. */
export function dangerLines(options: { beyond?: string; isolated: boolean }): string[] {
  const { beyond, isolated } = options;
  return [
    ...(beyond === undefined
      ? []
      : [`warning: the fleet listens at ${beyond}: any machine that reaches this address can send to it`]),
    ...(isolated
      ? []
      : [
          'warning: an MTA that is not led to this fleet mails real people: check its routes before it sends',
        ]),
  ];
}
