// Patterns over addresses and local parts, in which `*` stands for any text, also for none.

/** Patterns are matched by backtracking: with more stars than this that can take long. */
export const STARS_MAX = 5;

/** @param pattern compared as it is; lower-case it first where case does not count */
export function wildcard(pattern: string): (text: string) => boolean {
  if (!pattern.includes('*')) return (text) => text === pattern;
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 's');
  return (text) => expression.test(text);
}
