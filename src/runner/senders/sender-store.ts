// The store of the built-in sender during one run: none, memory, or an SQLite file that is removed after
// the run.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BouncelabError } from '../../base/errors.js';
import { temporaryFolder } from '../../base/temporary-folder.js';
import { memoryStore } from '../../sender/store/memory.js';
import { openSqliteStore } from '../../sender/store/sqlite/sqlite.js';
import type { Commit, Store } from '../../sender/store/store.js';
import type { ScenarioPlan } from '../../scenarios/plan.js';

export interface SenderStore {
  /** Absent when the scenario has no crash: it would never be read. */
  store?: Store;
  /** Closes the store and removes its files. */
  remove(): Promise<void>;
}

/** @throws BouncelabError E_STORE when the file cannot be made, and what opening SQLite throws */
export async function openSenderStore({ store, events }: ScenarioPlan): Promise<SenderStore> {
  switch (store) {
    case 'memory':
      return {
        ...(events.some(({ action }) => action === 'crash') ? { store: memoryStore() } : {}),
        remove: () => Promise.resolve(),
      };
    case 'sqlite': {
      const folder = storeFolder();
      const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
      try {
        // A simulated crash does not crash the machine, so writes need not be flushed to the disk.
        const opened = await openSqliteStore(join(folder, 'sender.db'), { outlives: 'process' });
        return {
          store: opened,
          remove() {
            opened.close();
            return remove();
          },
        };
      } catch (error) {
        await remove();
        throw error;
      }
    }
  }
}

/** A store that also passes on each state change, once it is committed. */
export function watchedStore(store: Store, onCommit: (change: Commit) => void): Store {
  return {
    seed: (fresh) => store.seed(fresh),
    load: () => store.load(),
    commit(change) {
      store.commit(change);
      onCommit(change);
    },
    statuses: (contact) => store.statuses(contact),
    close: () => store.close(),
  };
}

function storeFolder(): string {
  try {
    return temporaryFolder('store');
  } catch (error) {
    throw new BouncelabError(
      'E_STORE',
      `the store of the sender cannot be made: ${(error as Error).message}`,
      {
        hint: 'Set TMPDIR to a folder that can be written, or remove `store: sqlite`.',
        cause: error,
      },
    );
  }
}
