// Behaviors that change during a run, as seen by a client on the wire.

import { describe, expect, it } from 'vitest';
import { code, does, Lab, mailboxDoes } from './raw-client.js';

describe('changes during a run', () => {
  it('of a domain apply to open connections too, and its mailboxes stay', async () => {
    const lab = new Lab({
      'example.org': { mailboxes: { bob: [mailboxDoes('nonexistent-user')] } },
      'other.test': {},
    });
    await lab.play(async () => {
      const client = await lab.session('example.org');
      expect((await client.transaction('carol@example.org')).at(-1)).toMatch(/^250 /);
      lab.world.setBehaviors('Example.org', [does('mailbox-full')]);
      expect((await client.transaction('carol@example.org')).at(-1)).toMatch(/^452 /);
      expect(await code(lab, 'bob@example.org')).toBe('550');
      expect(await code(lab, 'carol@other.test')).toBe('250');
      lab.world.setBehaviors('example.org', []);
      expect(await code(lab, 'carol@example.org')).toBe('250');
    });
  });

  it('of a domain that was not looked up yet', async () => {
    const lab = new Lab({ 'example.org': {} });
    lab.world.setBehaviors('example.org', [does('mailbox-full')]);
    await lab.play(async () => expect(await code(lab, 'bob@example.org')).toBe('452'));
  });

  it('of `default` apply to every domain that is not named, looked up before or later', async () => {
    const lab = new Lab({ default: {}, 'named.test': {} });
    await lab.play(async () => {
      expect(await code(lab, 'bob@early.test')).toBe('250');
      expect(await code(lab, 'bob@named.test')).toBe('250');
      lab.world.setBehaviors('default', [does('mailbox-full')]);
      expect(await code(lab, 'bob@early.test')).toBe('452');
      expect(await code(lab, 'bob@late.test')).toBe('452');
      expect(await code(lab, 'bob@named.test')).toBe('250');
    });
  });

  it('of one mailbox, whose own behaviors and patterns are then not asked', async () => {
    const lab = new Lab({
      'example.org': { mailboxes: { 'b*': [mailboxDoes('nonexistent-user')] } },
    });
    await lab.play(async () => {
      expect(await code(lab, 'bob@example.org')).toBe('550');
      lab.world.setBehaviors('Bob@Example.org', [mailboxDoes('mailbox-full')]);
      expect(await code(lab, 'bob@example.org')).toBe('452');
      expect(await code(lab, 'bill@example.org')).toBe('550');
      lab.world.setBehaviors('bob@example.org', []);
      expect(await code(lab, 'bob@example.org')).toBe('250');
    });
  });

  it('of what is not in the fleet are a fault', () => {
    const lab = new Lab({ 'example.org': {} });
    expect(() => lab.world.setBehaviors('nowhere.test', [])).toThrow('no domain nowhere.test in the fleet');
    expect(() => lab.world.setBehaviors('bob@nowhere.test', [])).toThrow('no host for bob@nowhere.test');
  });
});
