// `tls-broken`: STARTTLS is offered and then refused, or the handshake fails, or the certificate has
// expired. RFC 3207, 4.

import { z } from 'zod';
import { defineBehavior } from './behavior.js';

const HOW = ['refused', 'handshake', 'expired'] as const;

export const tlsBroken = defineBehavior({
  name: 'tls-broken',
  summary:
    'Offers STARTTLS, and then answers it with 454, fails the handshake, or shows a certificate that has expired.',
  parameters: z.strictObject({
    how: z
      .enum(HOW)
      .default('handshake')
      .describe(
        '`refused`: 454 4.7.0; `handshake`: no certificate, so that every handshake fails; `expired`: a certificate that expired years ago',
      ),
  }),
  points: ['starttls'],
  defaultPoint: () => 'starttls',
  mayPass: ({ how }) => how !== 'refused',
  decide({ how }) {
    switch (how) {
      case 'refused': {
        const lines = ['TLS not available due to temporary reason'];
        return { kind: 'reply', reply: { code: 454, enhanced: '4.7.0', lines } };
      }
      case 'handshake':
        return { kind: 'certificate', which: 'none' };
      case 'expired':
        return { kind: 'certificate', which: 'expired' };
    }
  },
});
