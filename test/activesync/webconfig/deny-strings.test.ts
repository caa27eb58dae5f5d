import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDenyStrings, deniedStrings, removeDenyStrings } from '../../../src/activesync/webconfig/deny-strings.ts';
import { frontEndConfig } from '../../../src/exchange/lab/web-config.ts';

/** The shape of Exchange 2013's front end: nothing takes the request filter away. */
const old = `<?xml version="1.0" encoding="utf-8"?>\r
<configuration>\r
  <!-- <security><requestFiltering/></security> in a comment is no element -->\r
  <system.webServer>\r
    <modules>\r
      <add name="HttpProxy" type="Microsoft.Exchange.HttpProxy.ProxyModule" />\r
    </modules>\r
    <security>\r
      <requestFiltering>\r
        <requestLimits maxAllowedContentLength="13280000" />\r
      </requestFiltering>\r
    </security>\r
  </system.webServer>\r
</configuration>\r
`;
const mark = Buffer.from([0xef, 0xbb, 0xbf]);
const utf8 = (text: string) => Buffer.from(text, 'utf8');

/** The middle that an edit put in: everything before and behind it is as it was. */
function inserted(before: Buffer, after: Buffer): string {
  let head = 0;
  while (head < before.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < before.length - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  expect(head + tail).toBe(before.length);
  return after.subarray(head, after.length - tail).toString('utf8');
}

function edit(bytes: Buffer, strings: readonly string[]): Buffer {
  const added = addDenyStrings(bytes, strings);
  if ('refused' in added) throw new Error(added.refused);
  expect(added.denied).toEqual(expect.arrayContaining([...strings]));
  return added.bytes;
}

describe('denyStrings in a web.config', () => {
  it('adds one rule and keeps every other byte', () => {
    const after = edit(utf8(old), ['CloudMagic']);
    const piece = inserted(utf8(old), after);
    expect(piece).toContain('<add string="CloudMagic" />');
    expect(piece).toContain('<add requestHeader="User-Agent" />');
    expect(piece.match(/\n/g)?.length).toBe(piece.match(/\r\n/g)?.length);
    expect(deniedStrings(after)).toEqual(['CloudMagic']);
  });

  it('restores the same bytes', () => {
    const after = edit(utf8(old), ['CloudMagic']);
    const more = edit(after, ['Newton & "Mail" <1>']);
    const less = removeDenyStrings(more, ['Newton & "Mail" <1>']);
    if ('refused' in less) throw new Error(less.refused);
    expect(less.bytes.equals(after)).toBe(true);
    const none = removeDenyStrings(less.bytes, ['cloudmagic']);
    if ('refused' in none) throw new Error(none.refused);
    expect(none.denied).toEqual([]);
    expect(inserted(utf8(old), none.bytes).replace(/\s/g, '')).toBe('<filteringRules></filteringRules>');
  });

  it.each([
    ['a byte order mark', Buffer.concat([mark, utf8(old)])],
    ['UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(old.replace('utf-8', 'utf-16'), 'utf16le')])],
    [
      'UTF-16 with the high byte first',
      Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(old.replace('utf-8', 'utf-16'), 'utf16le').swap16()]),
    ],
    [
      'a location that has nothing to do with the filter',
      utf8(
        old.replace(
          '</configuration>',
          '<location path="x"><system.web><authorization /></system.web></location></configuration>',
        ),
      ),
    ],
    ['lines that end with LF', utf8(old.replaceAll('\r', ''))],
    ['no system.webServer at all', utf8('<configuration>\n</configuration>\n')],
    ['an empty element', utf8('<configuration><system.webServer /></configuration>')],
    [
      'tabs and CDATA',
      utf8(
        '<configuration>\n\t<a><![CDATA[</configuration>]]></a>\n\t<system.webServer>\n\t</system.webServer>\n</configuration>',
      ),
    ],
  ])('edits and reads back a file with %s', (_what, bytes) => {
    const after = edit(bytes, ['CloudMagic']);
    expect(deniedStrings(after)).toEqual(['CloudMagic']);
    const back = removeDenyStrings(after, ['CloudMagic']);
    if ('refused' in back) throw new Error(back.refused);
    expect(deniedStrings(back.bytes)).toEqual([]);
  });

  it.each([
    ['Exchange took the filter away', utf8(frontEndConfig('Ews', 'EX01')), /RequestFilteringModule.*never run/],
    ['a cut file', utf8(old.slice(0, 300)), /well-formed/],
    ['an empty file', Buffer.alloc(0), /empty/],
    ['Latin-1 bytes', Buffer.from(old.replace('comment', 'Kommentär'), 'latin1'), /not valid UTF-8/],
    ['another declared encoding', utf8(old.replace('utf-8', 'windows-1252')), /windows-1252/],
    ['another document', utf8('<html></html>'), /<html>/],
    ['a document type', utf8('<!DOCTYPE a [<!ENTITY x "y">]><configuration></configuration>'), /document type/],
    [
      'a location has security settings of its own',
      utf8(
        old.replace(
          '</configuration>',
          '<location path="default.eas"><system.webServer><security /></system.webServer></location></configuration>',
        ),
      ),
      /<location path="default.eas">/,
    ],
    [
      'the filter stands in another file',
      utf8(old.replace('<requestFiltering>', '<requestFiltering configSource="filter.config" >')),
      /<requestFiltering> stands in another file \(configSource="filter.config"\)/,
    ],
    [
      'modules are encrypted',
      utf8(old.replace('<modules>', '<modules configProtectionProvider="Rsa">')),
      /<modules> is encrypted/,
    ],
    ['UTF-16 has no mark', Buffer.from(old.replace('utf-8', 'utf-16'), 'utf16le'), /utf-16|NUL|UTF-16/],
    ['a section twice', utf8('<configuration><system.webServer/><system.webServer/></configuration>'), /twice/],
  ])('refuses where %s', (_what, bytes, why) => {
    const answer = addDenyStrings(bytes, ['CloudMagic']);
    expect('refused' in answer ? answer.refused : 'edited').toMatch(why);
  });

  it('never throws and never edits what is not XML', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.nat({ max: old.length }), fc.nat({ max: 40 }), (junk, at, cut) => {
        const bytes = utf8(old.slice(0, at) + junk + old.slice(at + cut));
        const answer = addDenyStrings(bytes, ['CloudMagic']);
        if (!('refused' in answer)) expect(deniedStrings(answer.bytes)).toContain('CloudMagic');
      }),
      { numRuns: 300 },
    );
  });

  it('finds strings of any characters again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), (string) => {
        const answer = addDenyStrings(utf8(old), [string]);
        if (!('refused' in answer)) expect(deniedStrings(answer.bytes)).toEqual([string]);
      }),
      { numRuns: 300 },
    );
  });
});
