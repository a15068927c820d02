// What keeps the state of the sender during one run: nothing, memory, or a file of SQLite that goes
// with the run.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BouncelabError } from '../../base/errors.js';
import { memoryStore } from '../../sender/store/memory.js';
import { openSqliteStore } from '../../sender/store/sqlite/sqlite.js';
import type { Store } from '../../sender/store/store.js';
import type { ScenarioPlan } from '../../scenarios/plan.js';

export interface SenderStore {
  /** Absent where nothing would ever be read from it. */
  store?: Store;
  /** Lets it go, and everything that it wrote. */
  remove(): Promise<void>;
}

/** @throws BouncelabError E_STORE and its kind when there can be no file */
export async function openSenderStore({ store, events }: ScenarioPlan): Promise<SenderStore> {
  switch (store) {
    case 'memory':
      return {
        ...(events.some(({ action }) => action === 'crash') ? { store: memoryStore() } : {}),
        remove: () => Promise.resolve(),
      };
    case 'sqlite': {
      const folder = await temporaryFolder();
      const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
      try {
        // Nobody pulls the plug of a simulation: there is no need to wait for the disk.
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

async function temporaryFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'bouncelab-store-'));
  } catch (error) {
    throw new BouncelabError(
      'E_STORE',
      `there is no place for the store of the sender: ${(error as Error).message}`,
      {
        hint: 'Let TMPDIR name a folder that can be written to, or leave `store: sqlite` out.',
        cause: error,
      },
    );
  }
}
