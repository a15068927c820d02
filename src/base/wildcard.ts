// Patterns over addresses and local parts, in which `*` matches any text, an empty one included.

/** Most stars in a pattern: it is matched by backtracking, which takes long with more. */
export const STARS_MAX = 5;

/** @param pattern case counts: where it must not, pass pattern and text in lower case */
export function wildcard(pattern: string): (text: string) => boolean {
  if (!pattern.includes('*')) return (text) => text === pattern;
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 's');
  return (text) => expression.test(text);
}
