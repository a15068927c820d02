// Loads the module of an external sender, anew for each scenario, and checks that it keeps the contract.

import { pathToFileURL } from 'node:url';
import type { CreateSender, ExternalSender, SenderPorts } from './contract.js';

let loaded = 0;

/**
 * @param file absolute path of the module
 * @throws Error when the module does not keep the contract; also any error of the module
 */
export async function loadSender(file: string, ports: SenderPorts): Promise<ExternalSender> {
  const url = pathToFileURL(file);
  // Variables of a module must not carry over from one scenario to the next.
  url.searchParams.set('scenario', String(++loaded));
  const module = (await import(url.href)) as { createSender?: unknown; default?: { createSender?: unknown } };
  const create = module.createSender ?? module.default?.createSender;
  if (typeof create !== 'function') throw new Error('it exports no function `createSender`');
  const sender: unknown = await (create as CreateSender)(ports);
  if (typeof sender !== 'object' || sender === null || typeof (sender as ExternalSender).send !== 'function')
    throw new Error('what `createSender` returned has no function `send`');
  return sender as ExternalSender;
}
