// Builders of scenario plans in TypeScript: what a test does not mention has a plain default, so
// that each test shows only what it is about.

import type { ContactStatus } from '../../src/events/types.js';
import type {
  Check,
  ContactPlan,
  EventPlan,
  ExpectationPlan,
  MailingPlan,
  NumberMatcher,
  ScenarioPlan,
} from '../../src/scenarios/plan.js';
import type { RetryPolicy } from '../../src/policy/retry-policy.js';
import { BEHAVIORS } from '../../src/simulator/behaviors/index.js';
import type { Scope } from '../../src/simulator/behaviors/behavior.js';
import type {
  BehaviorPlan,
  Conditions,
  DnsAnswer,
  DnsPlan,
  DomainPlan,
  Family,
  HostPlan,
  Point,
} from '../../src/simulator/plan.js';
import { EMMA } from './policies.js';

/** A behavior as a test writes it; parameters and conditions side by side. */
export type BehaviorSketch = { do: string } & Conditions & Record<string, unknown>;

export interface PlanSketch {
  fleet?: Record<string, DomainSketch>;
  /** Addresses, or contacts with a status and a streak. */
  contacts?: (string | ContactSketch)[];
  mailings?: MailingSketch[];
  policy?: RetryPolicy;
  events?: EventPlan[];
  expectations?: ExpectationPlan[];
  seed?: string;
  latencyMs?: number;
}

export interface DomainSketch {
  dns?: DnsPlan | DnsAnswer;
  hosts?: HostSketch[];
  behaviors?: BehaviorSketch[];
  mailboxes?: Record<string, BehaviorSketch | BehaviorSketch[]>;
}

interface HostSketch {
  name: string;
  preference?: number;
  hasAddress?: boolean;
  families?: Family[];
  behaviors?: BehaviorSketch[];
}

interface ContactSketch {
  address: string;
  status?: ContactStatus;
  softBounceStreak?: number;
}

type MailingSketch = string | (Partial<MailingPlan> & { name: string });

/** How long the mailings of `plan` are building unless they say otherwise, ms. */
export const BUILDING_MS = 5000;

/** A scenario plan. Without a fleet every domain takes everything; without mailings there is one, `news`, at 0. */
export function plan(sketch: PlanSketch = {}): ScenarioPlan {
  const fleet: Record<string, DomainPlan> = {};
  for (const [domain, written] of Object.entries(sketch.fleet ?? { default: {} })) {
    fleet[domain] = domainPlan(written);
  }
  return {
    file: 'of-a-test.yaml',
    name: 'of a test',
    description: '',
    tags: [],
    seed: sketch.seed ?? '1',
    policy: sketch.policy ?? EMMA,
    wire: 'memory',
    store: 'memory',
    network: { latencyMs: sketch.latencyMs ?? 0 },
    fleet,
    contacts: (sketch.contacts ?? ['bob@example.org']).map(contactPlan),
    mailings: (sketch.mailings ?? ['news']).map(mailingPlan),
    events: sketch.events ?? [],
    expectations: sketch.expectations ?? [],
  };
}

/** `count` addresses such as `reader-1@example.org`. */
export function readers(count: number, domain = 'example.org'): string[] {
  return Array.from({ length: count }, (_, index) => `reader-${index + 1}@${domain}`);
}

/** A behavior with its parameters parsed by its own schema, as the loader would do it. */
function behavior(sketch: BehaviorSketch, scope: Scope = 'domain'): BehaviorPlan {
  const { do: name, during, from, until, attempts, family, share, chance, ...parameters } = sketch;
  const definition = BEHAVIORS.get(name);
  if (!definition) throw new Error(`no behavior ${name}`);
  const params = definition.parameters.parse(parameters);
  const at = (params['stage'] as Point | undefined) ?? definition.defaultPoint(scope);
  if (at === undefined) throw new Error(`${name} needs a stage`);
  const given = Object.entries({ during, from, until, attempts, family, share, chance }).filter(
    ([, value]) => value !== undefined,
  );
  return { do: name, at, when: Object.fromEntries(given), params };
}

/** Bounds of a number for an expectation; one number means exactly that. */
export function number(min: number, max = min): NumberMatcher {
  return { text: min === max ? String(min) : `${min}..${max}`, min, max };
}

/** `Omit` over each member of the union on its own. */
type Unplaced<T> = T extends unknown ? Omit<T, 'location'> : never;

/** A block of `expect`; its checks stand on lines 1, 2, 3, ... of the file. */
export function expectation(at: number | 'end', ...checks: Unplaced<Check>[]): ExpectationPlan {
  return {
    at,
    checks: checks.map((check, index) => ({
      ...check,
      location: { file: 'of-a-test.yaml', line: index + 1, column: 3 },
    })),
  };
}

function domainPlan({ dns, hosts, behaviors = [], mailboxes = {} }: DomainSketch): DomainPlan {
  return {
    ...(dns === undefined ? {} : { dns: typeof dns === 'string' ? { answer: dns } : dns }),
    ...(hosts ? { hosts: hosts.map(hostPlan) } : {}),
    behaviors: behaviors.map((sketch) => behavior(sketch)),
    mailboxes: Object.entries(mailboxes).map(([pattern, written]) => ({
      pattern,
      behaviors: [written].flat().map((sketch) => behavior(sketch, 'mailbox')),
    })),
  };
}

function hostPlan({
  name,
  preference = 10,
  hasAddress = true,
  families,
  behaviors = [],
}: HostSketch): HostPlan {
  const plans = behaviors.map((sketch) => behavior(sketch));
  return { name, preference, hasAddress, ...(families ? { families } : {}), behaviors: plans };
}

function contactPlan(sketch: string | ContactSketch): ContactPlan {
  const {
    address,
    status = 'active',
    softBounceStreak = 0,
  } = typeof sketch === 'string' ? { address: sketch } : sketch;
  return { address, status, softBounceStreak };
}

function mailingPlan(sketch: MailingSketch): MailingPlan {
  return {
    kind: 'standard',
    at: 0,
    buildingMs: BUILDING_MS,
    message: { subject: 'News', text: 'Hello', sizeBytes: 0 },
    ...(typeof sketch === 'string' ? { name: sketch } : sketch),
  };
}

/** The domain example.org with two hosts, of which the preferred one has these behaviors. */
export const twoHosts = (
  behaviors: { do: string; [key: string]: unknown }[],
): Record<string, DomainSketch> => ({
  'example.org': {
    hosts: [
      { name: 'mx1', preference: 10, behaviors },
      { name: 'mx2', preference: 20 },
    ],
  },
});
