// The table of behaviors. To add one, write its file and list it here.

import { accept } from './accept.js';
import { autoReply } from './auto-reply.js';
import type { BehaviorDefinition } from './behavior.js';
import { blocklisted } from './blocklisted.js';
import { busy } from './busy.js';
import { catalogue } from './catalogue.js';
import { contentBlock } from './content-block.js';
import { disconnect } from './disconnect.js';
import { down } from './down.js';
import { garbled } from './garbled.js';
import { greylist } from './greylist.js';
import { junkBlock } from './junk-block.js';
import { mailboxDisabled } from './mailbox-disabled.js';
import { mailboxFull } from './mailbox-full.js';
import { nonexistentUser } from './nonexistent-user.js';
import { reply } from './reply.js';
import { returnLater } from './return-later.js';
import { slow } from './slow.js';
import { throttle } from './throttle.js';
import { tlsBroken } from './tls-broken.js';
import { tooBig } from './too-big.js';
import { unreachable } from './unreachable.js';
import { unresponsive } from './unresponsive.js';

/** Every behavior by the name a scenario uses. */
export const BEHAVIORS: ReadonlyMap<string, BehaviorDefinition> = new Map(
  [
    accept,
    busy,
    mailboxFull,
    mailboxDisabled,
    nonexistentUser,
    junkBlock,
    contentBlock,
    blocklisted,
    greylist,
    throttle,
    tooBig,
    down,
    unreachable,
    unresponsive,
    slow,
    disconnect,
    garbled,
    tlsBroken,
    reply,
    catalogue,
    returnLater,
    autoReply,
  ].map((definition) => [definition.name, definition] as const),
);
