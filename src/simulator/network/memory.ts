// The memory wire: both ends of a connection are objects of this process, and bytes pass between them
// without the operating system.

import { ClockedNetwork } from './network.js';
import { MemorySocket, type Endpoint } from './memory-socket.js';

export class MemoryNetwork extends ClockedNetwork {
  protected override socket(local: Endpoint, remote: Endpoint): MemorySocket {
    return new MemorySocket(this.clock, this.latencyMs, local, remote);
  }

  protected override answer(_client: MemorySocket, at: Endpoint, from: Endpoint): MemorySocket {
    return this.socket(at, from);
  }
}
