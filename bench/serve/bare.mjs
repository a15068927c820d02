// The reference of `npm run bench:serve`: smtp-server alone over TCP, without its pause before the greeting.

import { SMTPServer } from 'smtp-server';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';

// The pause of 100 ms detects clients that talk before they are greeted.
SMTPConnection.prototype.init = function init() {
  this._setListeners(() => this.connectionReady());
};

const server = new SMTPServer({
  name: 'mx.bare.test',
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  logger: false,
  onData(stream, _session, callback) {
    stream.once('end', () => callback());
    stream.resume();
  },
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('Listening\n'));
