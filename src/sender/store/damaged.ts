// The hint for a store that is damaged. Both the SQLite file and the records in a store can be.

export const DAMAGED_HINT =
  'Restore the store from a backup. To start with an empty store, name another file.';
