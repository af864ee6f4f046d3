import { toString as toQr } from 'qrcode';

/** A QR code of `text` as lines for a terminal, with the quiet zone that readers need. */
export const encodeTerminalQr = (text: string): Promise<string> =>
  toQr(text, { type: 'terminal', small: true, errorCorrectionLevel: 'L' });
