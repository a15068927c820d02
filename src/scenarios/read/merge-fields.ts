// Checks the merge fields of messages against the contacts: a message that would arrive with a literal
// `{{city}}` is reported when the scenario is loaded.

import { FIELDS_OF_EVERY_CONTACT, MergeText } from '../../sender/message/merge-fields.js';
import type { Audience } from './audience.js';
import { counted, quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';

/** Reports merge fields without a fallback that some contact of the audience does not have. */
export function checkMergeFields(reader: Reader, { contacts, complete }: Audience): void {
  if (!complete) return;
  for (const [i] of reader.items(['mailings']).entries()) {
    for (const part of ['subject', 'text'] as const) {
      const path = ['mailings', i, 'message', part];
      const text = reader.get(path);
      if (typeof text !== 'string') continue;
      const names = new Set(new MergeText(text).fields({ withoutFallback: true }));
      for (const name of names) {
        if (FIELDS_OF_EVERY_CONTACT.includes(name)) continue;
        const lacking = contacts.filter(({ fields }) => fields?.[name] === undefined).length;
        if (lacking === 0) continue;
        const who = lacking === contacts.length ? 'no contact has' : `${counted(lacking, 'contact')} without`;
        reader.problem(path, `${who} a field ${quoted(name)}, and the message has no fallback for it`, {
          hint: `write \`{{${name} | something else}}\`, or give contacts \`fields: { ${name}: ... }\``,
        });
      }
    }
  }
}
