// A file on this machine that receives one output of a run. It grows while the run goes on, so that the
// events of a run that is cut off can still be read.

import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { unwritable } from '../../base/unwritable.js';
import type { LocalOutput } from './executor.js';

export class FileOutput implements LocalOutput {
  private descriptor: number | undefined;

  /** Does not open it yet. */
  constructor(readonly path: string) {}

  /** Makes the file and its folder. @throws BouncelabError E_OUTPUT when it cannot be made */
  open(): number {
    return (this.descriptor ??= this.attempt(() => {
      mkdirSync(path.dirname(this.path), { recursive: true });
      return openSync(this.path, 'w');
    }));
  }

  /** @throws BouncelabError E_OUTPUT when it cannot be written */
  write(text: string): void {
    const descriptor = this.open();
    // `writeFileSync` repeats until all is written: a single write to a nearly full disk takes only a part.
    this.attempt(() => writeFileSync(descriptor, text));
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private attempt<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw unwritable(`cannot write ${this.path}`, 'choose another folder with --output', error);
    }
  }
}
