// Decoding text whose charset is not given.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodedText } from '../../src/base/charset.js';

test('text is UTF-8 when it is valid UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(decodedText(Buffer.from(text, 'utf8'))).toBe(text);
    }),
  );
});

test.each<[charset: string, bytes: string, text: string]>([
  ['gb18030', '550 \xd3\xc3\xbb\xa7\xb2\xbb\xb4\xe6\xd4\xda', '550 用户不存在'],
  ['gb18030', '552 \xd3\xca\xcf\xe4\xbf\xd5\xbc\xe4\xd2\xd1\xc2\xfa', '552 邮箱空间已满'],
  ['big5', '550 \xa8\xcf\xa5\xce\xaa\xcc\xa4\xa3\xa6s\xa6b', '550 使用者不存在'],
  [
    'shift_jis',
    '550 \x83\x86\x81[\x83U\x81[\x82\xaa\x91\xb6\x8d\xdd\x82\xb5\x82\xdc\x82\xb9\x82\xf1',
    '550 ユーザーが存在しません',
  ],
  [
    'shift_jis',
    '550 \x88\xb6\x90\xe6\x82\xaa\x8c\xa9\x82\xc2\x82\xa9\x82\xe8\x82\xdc\x82\xb9\x82\xf1',
    '550 宛先が見つかりません',
  ],
  [
    'euc-jp',
    '552 \xa5\xe1\xa1\xbc\xa5\xeb\xa5\xdc\xa5\xc3\xa5\xaf\xa5\xb9\xa4\xac\xb0\xec\xc7\xd5\xa4\xc7\xa4\xb9',
    '552 メールボックスが一杯です',
  ],
  [
    'euc-kr',
    '550 \xc1\xb8\xc0\xe7\xc7\xcf\xc1\xf6 \xbe\xca\xb4\xc2 \xbb\xe7\xbf\xeb\xc0\xda\xc0\xd4\xb4\xcf\xb4\xd9',
    '550 존재하지 않는 사용자입니다',
  ],
  [
    'windows-1251',
    '550 \xcf\xee\xeb\xfc\xe7\xee\xe2\xe0\xf2\xe5\xeb\xfc \xed\xe5 \xed\xe0\xe9\xe4\xe5\xed',
    '550 Пользователь не найден',
  ],
  [
    'koi8-r',
    '552 \xf0\xcf\xde\xd4\xcf\xd7\xd9\xca \xd1\xdd\xc9\xcb \xd0\xc5\xd2\xc5\xd0\xcf\xcc\xce\xc5\xce',
    '552 Почтовый ящик переполнен',
  ],
  [
    'windows-1253',
    '550 \xcf \xf7\xf1\xde\xf3\xf4\xe7\xf2 \xe4\xe5\xed \xf5\xf0\xdc\xf1\xf7\xe5\xe9',
    '550 Ο χρήστης δεν υπάρχει',
  ],
  ['windows-1250', '552 Skrzynka jest pe\xb3na', '552 Skrzynka jest pełna'],
  ['windows-1254', '550 Kullan\xfdc\xfd bulunamad\xfd', '550 Kullanıcı bulunamadı'],
])('a short text in %s is recognized: %s', (_, bytes, text) => {
  expect(decodedText(Buffer.from(bytes, 'latin1'))).toBe(text);
});

test('an address in the text makes no difference', () => {
  const unknown = (address: string): string =>
    decodedText(
      Buffer.from(
        `550 <${address}> \xd0\xcf\xcc\xd8\xda\xcf\xd7\xc1\xd4\xc5\xcc\xd8 \xce\xc5 \xce\xc1\xca\xc4\xc5\xce`,
        'latin1',
      ),
    );
  for (const address of ['bob@example.org', 'eve.1@mx.example.net', 'x@y'])
    expect(unknown(address)).toBe(`550 <${address}> пользователь не найден`);
});

test.each([
  '\xc9t\xe9 \x80 \x93x\x94',
  '552 Bo\xeete pleine \x96 d\xe9sol\xe9',
  '550 R\xe9ception refus\xe9e \xe0 cr\xe9\xe9e',
  '550 Zugriff \xa7 5 (ung\xfcltig) \xabnein\xbb',
  '550 \xbfQu\xe9? \xa1No existe!',
  '550 \xc5tkomst nekad',
  '550 L\x92utilisateur n\x92existe pas',
  '550 \x80 ung\xfcltig\x85',
  '\xff\xfe\xfd\xfc\x00\x81',
])('other bytes are windows-1252: %s', (bytes) => {
  const text = decodedText(Buffer.from(bytes, 'latin1'));
  const expected = new Map([
    [0x80, '€'],
    [0x85, '…'],
    [0x92, '’'],
    [0x93, '“'],
    [0x94, '”'],
    [0x96, '–'],
  ]);
  expect(text).toBe([...bytes].map((one) => expected.get(one.charCodeAt(0)) ?? one).join(''));
});
