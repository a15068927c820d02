// The table of behaviors. To add one: write its file, name it here.

import { accept } from './accept.js';
import { autoReply } from './auto-reply.js';
import type { BehaviorDefinition } from './behavior.js';
import { busy } from './busy.js';
import { down } from './down.js';
import { greylist } from './greylist.js';
import { junkBlock } from './junk-block.js';
import { mailboxFull } from './mailbox-full.js';
import { nonexistentUser } from './nonexistent-user.js';
import { reply } from './reply.js';
import { returnLater } from './return-later.js';
import { unresponsive } from './unresponsive.js';

/** Every behavior by the name a scenario uses. */
export const BEHAVIORS: ReadonlyMap<string, BehaviorDefinition> = new Map(
  [
    accept,
    busy,
    mailboxFull,
    nonexistentUser,
    junkBlock,
    down,
    unresponsive,
    greylist,
    reply,
    returnLater,
    autoReply,
  ].map((definition) => [definition.name, definition] as const),
);
