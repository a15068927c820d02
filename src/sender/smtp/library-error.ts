// What nodemailer says of a failure, in the terms of the operating system and of SMTP.

export type LibraryError = Error & {
  code?: string;
  originalCode?: string;
  response?: string;
  command?: string;
};

/** nodemailer's codes in the operating system's terms where there is one. */
export function errorCode(error: LibraryError): string {
  // It reports what it took for a refusal; what cannot be read as one is no reply at all.
  if (error.response !== undefined) return 'EPROTOCOL';
  if (error.originalCode !== undefined) return error.originalCode;
  return error.code === 'ECONNECTION' || error.code === undefined ? 'ECLOSED' : error.code;
}
