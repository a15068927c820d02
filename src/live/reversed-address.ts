// The address in the name of a PTR record (RFC 1035, 3.5; RFC 3596, 2.5).

import net from 'node:net';

const V4 = '.in-addr.arpa';
const V6 = '.ip6.arpa';

/** @returns undefined when the name holds no whole address */
export function reversedAddress(name: string): string | undefined {
  if (name.endsWith(V4)) {
    const address = name.slice(0, -V4.length).split('.').reverse().join('.');
    return net.isIPv4(address) ? address : undefined;
  }
  if (!name.endsWith(V6)) return undefined;
  const digits = name.slice(0, -V6.length).split('.').reverse();
  if (digits.length !== 32 || digits.some((digit) => !/^[0-9a-f]$/.test(digit))) return undefined;
  const groups = digits
    .join('')
    .match(/.{4}/g)!
    .map((group) => parseInt(group, 16).toString(16));
  const address = groups.join(':');
  return address === '0:0:0:0:0:0:0:1' ? '::1' : address;
}
