// The story of each contact: its deliveries, every attempt with its dialogue, and its other events. When
// there are too many contacts, those with a failure are kept first.

import { addressKey } from '../../base/addresses.js';
import type { Cause, EventOf, RunEvent } from '../../events/types.js';
import { Dialogues } from './dialogues.js';
import { saidIn } from './mailings.js';
import { Standings, type SharedStanding } from '../standings.js';
import { Table } from './tables.js';
import {
  ADDRESS_MARK,
  RETURN_PATH_MARK,
  type AttemptRow,
  type ContactStory,
  type DeliveryStory,
  type DialogueLine,
  type ScenarioView,
} from './view.js';

type ToldDelivery = DeliveryStory & { rows: number[] };
type Told = Omit<ContactStory, 'deliveries'> & {
  deliveries: ToldDelivery[];
  /** The last delivery of each mailing. */
  byMailing: Map<string, ToldDelivery>;
};

/** Bounds of the view, so that the page of a run of any size can be written and opened. */
export interface StoryLimits {
  /** Stories of contacts without a failure. */
  plain: number;
  /** Stories in all. */
  all: number;
  /** Different attempts, with their dialogues. */
  attempts: number;
  /** Characters of different lines in these. */
  characters: number;
}
const STORY_LIMITS: StoryLimits = { plain: 10_000, all: 20_000, attempts: 200_000, characters: 50_000_000 };

/** Remarks about one contact that are kept. */
const NOTES_MAX = 200;
const MAIL_FROM = /^MAIL FROM:\s*<([^>]+)>/i;

export class Stories {
  private readonly limits: StoryLimits;
  private readonly told = new Map<string, Told>();
  /** All contacts. */
  private total = 0;
  /** Their status and streak while another story may begin. */
  private readonly everybody = new Map<string, SharedStanding>();
  private readonly standings = new Standings();
  /** How the user wrote their addresses, where that is another spelling. */
  private readonly spellings = new Map<string, string>();
  private readonly dialogues = new Dialogues();
  private readonly strings = new Table<string>();
  private readonly dialogueTable = new Table<DialogueLine[]>();
  private readonly attempts = new Table<AttemptRow>();
  private readonly journeys = new Table<number[]>();

  /** @param only key of the one contact to tell of */
  constructor(
    limits: Partial<StoryLimits> = {},
    private readonly only?: string,
  ) {
    this.limits = { ...STORY_LIMITS, ...limits };
  }

  /** Addresses of all contacts; of a large audience only while another story may begin. */
  get addresses(): Iterable<string> {
    return this.everybody.keys();
  }

  /** A contact without a story. */
  plain(address: string): ContactStory | undefined {
    const known = this.everybody.get(address);
    if (!known) return undefined;
    const { status, softBounceStreak: streak } = known;
    return { address, ...this.spelling(address), status, streak, deliveries: [], notes: [] };
  }

  read(event: RunEvent): void {
    this.dialogues.read(event);
    switch (event.type) {
      case 'contact.added': {
        const { address, status, softBounceStreak, written } = event;
        this.total++;
        if (written !== undefined && !this.isFull) this.spellings.set(address, written);
        if (!this.isFull) this.everybody.set(address, this.standings.of(status, softBounceStreak));
        if (event.t > 0) this.note(address, event.t, 'joined the audience');
        return;
      }
      case 'contact.status':
        return this.statusChanged(event);
      case 'contact.streak':
        return this.streakChanged(event);
      case 'contact.refused':
        return this.note(event.address, event.t, `${event.request} refused: ${event.why}`);
      case 'delivery.queued':
        return this.queued(event);
      case 'attempt':
        return this.attempted(event);
      case 'attempt.interrupted':
        return this.note(
          event.address,
          event.t,
          `attempt at ${event.host} cut short by a crash; it counts for nothing`,
        );
      case 'delivery.ended':
      case 'delivery.returned':
        return this.ended(event);
      case 'bounce.received': {
        const { address, status, action, result, why } = event;
        if (address === undefined) return;
        const words = [status, action].filter((part) => part !== undefined).join(' ');
        return this.note(
          address,
          event.t,
          `bounce message received${words === '' ? '' : ` (${words})`}: ${result}, ${why}`,
        );
      }
      case 'message.returned': {
        const { rcpt, host, kind, outcome, said } = event;
        return this.note(
          addressKey(rcpt),
          event.t,
          `${host} sent back ${kind === 'bounce' ? 'a bounce message' : 'an automatic reply'}: ${outcome}, ${said}`,
        );
      }
      default:
    }
  }

  get result(): Pick<
    ScenarioView,
    'contactsTotal' | 'contacts' | 'strings' | 'dialogues' | 'attempts' | 'journeys'
  > {
    const contacts = [...this.told.values()].map(({ deliveries, byMailing: _, ...story }) => ({
      ...story,
      deliveries: deliveries.map(({ rows, ...delivery }) => ({
        ...delivery,
        journey: this.journeys.add(rows),
      })),
    }));
    return {
      contactsTotal: this.total,
      contacts,
      strings: this.strings.values,
      dialogues: this.dialogueTable.values,
      attempts: this.attempts.values,
      journeys: this.journeys.values,
    };
  }

  /** The contact's story; undefined when there is no room for it. */
  private story(address: string, isPlain: boolean): Told | undefined {
    const known = this.told.get(address);
    if (known) return known;
    if (
      this.only !== undefined
        ? this.only !== address
        : this.told.size >= (isPlain ? this.limits.plain : this.limits.all)
    )
      return undefined;
    const { status, softBounceStreak: streak } =
      this.everybody.get(address) ?? this.standings.of('active', 0);
    const named = { address, ...this.spelling(address), status, streak };
    const story: Told = { ...named, deliveries: [], notes: [], byMailing: new Map() };
    this.told.set(address, story);
    if (!this.isFull) return story;
    this.everybody.clear();
    this.spellings.clear();
    return story;
  }

  /** Whether no other story can begin. */
  private get isFull(): boolean {
    return this.only === undefined && this.told.size >= this.limits.all;
  }

  private spelling(address: string): Pick<ContactStory, 'written'> {
    const written = this.spellings.get(address);
    return written === undefined ? {} : { written };
  }

  private stands(address: string, change: Partial<SharedStanding>): void {
    const known = this.everybody.get(address);
    if (!known) return;
    const { status, softBounceStreak } = { ...known, ...change };
    this.everybody.set(address, this.standings.of(status, softBounceStreak));
  }

  private tell(story: Told, mailing: string, queuedAt: number): ToldDelivery {
    const delivery = { mailing, queuedAt, state: 'queued' as const, journey: -1, rows: [] };
    story.deliveries.push(delivery);
    story.byMailing.set(mailing, delivery);
    return delivery;
  }

  private note(address: string, t: number, text: string): void {
    const story = this.story(address, false);
    if (story && story.notes.length < NOTES_MAX) story.notes.push([t, text]);
  }

  private statusChanged({ address, t, from, to, why, by, reason, mailing }: EventOf<'contact.status'>): void {
    this.stands(address, { status: to });
    const details = [why, mailing && `in ${mailing}`, by !== 'sender' && `by ${by}`, reason && `"${reason}"`];
    this.note(address, t, `status ${from} → ${to}: ${details.filter(Boolean).join(', ')}`);
    const story = this.told.get(address);
    if (story) story.status = to;
  }

  private streakChanged({ address, t, from, to }: EventOf<'contact.streak'>): void {
    this.stands(address, { softBounceStreak: to });
    this.note(address, t, `soft-bounce streak ${from} → ${to}`);
    const story = this.told.get(address);
    if (story) story.streak = to;
  }

  private queued({ mailing, address, t }: EventOf<'delivery.queued'>): void {
    // No failure yet: kept while the limit for such contacts is not reached.
    const story = this.story(address, true);
    if (story) this.tell(story, mailing, t);
  }

  private delivery(address: string, mailing: string, isPlain: boolean): ToldDelivery | undefined {
    const story = this.story(address, isPlain);
    if (!story) return undefined;
    // The limit may have been reached before its first failure: its story begins here then.
    return story.byMailing.get(mailing) ?? this.tell(story, mailing, -1);
  }

  private attempted(event: EventOf<'attempt'>): void {
    const delivery = this.delivery(event.address, event.mailing, event.outcome === 'accepted');
    if (!delivery) return;
    const { attempts, characters } = this.limits;
    if (this.attempts.values.length >= attempts || this.strings.characters >= characters) {
      delivery.attemptsLeftOut = (delivery.attemptsLeftOut ?? 0) + 1;
      return;
    }
    const said = saidIn(event);
    const dialogue = this.dialogues.of(event);
    const lines = dialogue?.lines ?? [];
    for (const { text } of lines) delivery.returnPath ??= MAIL_FROM.exec(text)?.[1];
    const { n, startedAt, t, host, stage, outcome, cause, shared, nextAt, address } = event;
    const words = (text: string): number => this.strings.add(template(text, address, delivery.returnPath));
    delivery.rows.push(
      this.attempts.add([
        n,
        startedAt,
        t,
        host === undefined ? -1 : this.strings.add(host),
        stage,
        outcome,
        cause,
        said === '' ? -1 : words(said),
        shared ? 1 : 0,
        nextAt ?? -1,
        lines.length === 0
          ? -1
          : this.dialogueTable.add(lines.map(({ t: at, kind, text }) => [at, kind, words(text)])),
        dialogue?.session ?? -1,
        dialogue?.transaction ?? -1,
      ]),
    );
  }

  private ended(event: EventOf<'delivery.ended' | 'delivery.returned'>): void {
    const { address, mailing, state, why, cause, t } = event;
    const delivery = this.delivery(address, mailing, state === 'delivered');
    if (!delivery) return;
    Object.assign(delivery, { state, why, endedAt: t }, cause === undefined ? {} : { cause });
    if (event.type === 'delivery.returned') {
      this.note(
        address,
        t,
        `bounced after acceptance in ${mailing}: now ${state} (${cause as Cause}), ${why}`,
      );
    }
  }
}

/** A text with the address and return path replaced by marks, so that many contacts share it. */
function template(text: string, address: string, returnPath: string | undefined): string {
  let shared = text.replaceAll(MARKS, '\ufffd');
  if (returnPath !== undefined) shared = shared.replaceAll(returnPath, RETURN_PATH_MARK);
  return shared.replaceAll(address, ADDRESS_MARK);
}

const MARKS = new RegExp(`[${ADDRESS_MARK}${RETURN_PATH_MARK}]`, 'g');
