// What to do with a store that is damaged: its file, or what it holds.

export const WHEN_DAMAGED =
  'Restore it from a copy. To begin anew, name another file: nothing of this one can be trusted.';
