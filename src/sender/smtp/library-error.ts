// Errors of nodemailer, and their codes in terms of the operating system and of SMTP.

export type LibraryError = Error & {
  code?: string;
  originalCode?: string;
  response?: string;
  command?: string;
};

/** The operating system's code for an error where there is one, else `ECLOSED` or `EPROTOCOL`. */
export function errorCode(error: LibraryError): string {
  // The caller could not parse this response, so that it is not an SMTP reply.
  if (error.response !== undefined) return 'EPROTOCOL';
  if (error.originalCode !== undefined) return error.originalCode;
  return error.code === 'ECONNECTION' || error.code === undefined ? 'ECLOSED' : error.code;
}
