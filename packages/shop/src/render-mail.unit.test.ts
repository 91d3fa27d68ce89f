import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MailContent } from './mail-content.js';
import { renderMail } from './render-mail.js';

const MUG = { name: 'Mug', quantity: 2, price: '4.50', total: '9.00' };

function content(name: string): MailContent {
  return {
    heading: name,
    blocks: [
      { kind: 'paragraph', text: name },
      { kind: 'items', items: [{ ...MUG, name }] },
      { kind: 'facts', facts: [[name, name]] },
    ],
  };
}

describe('renderMail', () => {
  it('says the same as text and as HTML', () => {
    const { text, html } = renderMail({
      heading: 'Thank you',
      blocks: [
        { kind: 'paragraph', text: 'We have it.' },
        { kind: 'items', items: [MUG, { name: 'Tea', quantity: 1, price: undefined, total: undefined }] },
        { kind: 'facts', facts: [['Total', '9.00']] },
      ],
    });
    expect(text).toBe(
      'Thank you\n\nWe have it.\n\n- 2 x Mug: 4.50 each, 9.00 in all\n- 1 x Tea: price to be determined\n\nTotal: 9.00',
    );
    for (const said of ['Thank you', 'We have it.', 'Mug', '4.50', '9.00', 'Tea', 'to be determined'])
      expect(html).toContain(`>${said}<`);
  });

  it('loads nothing and sets no colour that another scheme would hide', () => {
    const { html } = renderMail(content('Mug'));
    expect(html).not.toMatch(/<(img|link|script|style|iframe)|https?:|url\(/);
    expect(html).not.toMatch(/[^-]color:(?!#8c8c8c)|background/);
    expect(html).toContain('<meta name="color-scheme" content="light dark">');
  });

  it.each([
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    [`"><img src=x onerror='x'>`, '&quot;&gt;&lt;img src=x onerror=&#39;x&#39;&gt;'],
    ['Grüße, 茶 & 🍵', 'Grüße, 茶 &amp; 🍵'],
  ])('shows %j as what it is', (name, escaped) => {
    const { text, html } = renderMail(content(name));
    expect(text).toContain(`- 2 x ${name}: 4.50`);
    expect(html.split(escaped)).toHaveLength(7);
    expect(html).not.toContain(name);
  });

  it.each([
    ['a line break', 'Mug\r\n\r\nTotal: 0.00', 'Mug Total: 0.00'],
    ['what turns the direction', 'Mug \u202Egum', 'Mug  gum'],
    ['what ends a paragraph', 'Mug\u2029Total', 'Mug Total'],
  ])('keeps %s out of a value', (_, name, shown) => {
    expect(renderMail(content(name)).text.split('\n')).toContain(`- 2 x ${shown}: 4.50 each, 9.00 in all`);
  });

  it('cuts a value that is too long, between characters', () => {
    const { text } = renderMail(content('🍵'.repeat(500)));
    expect(text).toContain(`- 2 x ${'🍵'.repeat(199)}…: 4.50`);
  });

  it('is the same markup whatever a value holds', () => {
    const tags = (html: string) => html.match(/<[^>]*>/g);
    const expected = tags(renderMail(content('x')).html);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), value => {
        const { text, html } = renderMail(content(value));
        expect(tags(html)).toEqual(expected);
        expect(text.split('\n')).toHaveLength(7);
      }),
    );
  });
});
