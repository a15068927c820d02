// Patterns over addresses and local parts, in which `*` matches any text, an empty one included. Matching
// takes time proportional to the length of pattern and text, whatever they contain.

/**
 * Compiles a pattern.
 *
 * The text before the first star and the text after the last one are compared at the ends. Each part between
 * stars is searched for from left to right and taken where it is found first: a later place would only leave
 * less room for the parts after it, so that no choice is ever taken back.
 *
 * @param pattern case counts: where it must not, pass pattern and text in lower case
 */
export function wildcard(pattern: string): (text: string) => boolean {
  if (!pattern.includes('*')) return (text) => text === pattern;
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop()!;
  const parts = rest.filter((part) => part !== '').map(finder);
  const fixed = first.length + last.length;
  return (text) => {
    if (text.length < fixed || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const finish of parts) {
      at = finish(text, at, end);
      if (at < 0) return false;
    }
    return true;
  };
}

/** Returns the offset after the first occurrence of a part in `text[from, end)`; -1 when there is none. */
type Finish = (text: string, from: number, end: number) => number;

/** The search of Knuth, Morris and Pratt: no character of the text is looked at again from the start. */
function finder(part: string): Finish {
  const borders = bordersOf(part);
  return (text, from, end) => {
    let matched = 0;
    for (let at = from; at < end; at++) {
      while (matched > 0 && text[at] !== part[matched]) matched = borders[matched - 1]!;
      if (text[at] === part[matched] && ++matched === part.length) return at + 1;
    }
    return -1;
  };
}

/** For each beginning of the part, the length of the longest proper beginning of it that is also its end. */
function bordersOf(part: string): number[] {
  const borders = [0];
  let matched = 0;
  for (let at = 1; at < part.length; at++) {
    while (matched > 0 && part[at] !== part[matched]) matched = borders[matched - 1]!;
    if (part[at] === part[matched]) matched++;
    borders.push(matched);
  }
  return borders;
}
