// Loads the module of an external sender and checks that it keeps the contract.

import type { CreateSender, ExternalSender, SenderPorts } from './contract.js';
import type { ModuleLoader } from './module.js';

/**
 * @throws Error when the module does not keep the contract; also any error of the module
 */
export async function loadSender(loader: ModuleLoader, ports: SenderPorts): Promise<ExternalSender> {
  const module = await loader.load();
  // What a CommonJS module exports is its default export, in part.
  const create =
    module.createSender ?? (module.default as { createSender?: unknown } | undefined)?.createSender;
  if (typeof create !== 'function') throw new Error('it exports no function `createSender`');
  const sender: unknown = await (create as CreateSender)(ports);
  if (typeof sender !== 'object' || sender === null || typeof (sender as ExternalSender).send !== 'function')
    throw new Error('what `createSender` returned has no function `send`');
  return sender as ExternalSender;
}
