// The reason for which the operating system refused a file or a port, in words.

/** Reasons by error code. */
const REASONS: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it would be larger than this user may write',
  EEXIST: 'there is a file of that name',
  ENOENT: 'part of the path does not exist',
  EISDIR: 'it is a folder',
  ENOTDIR: 'part of the path is a file',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'this process may not open more files (`ulimit -n` shows how many)',
  ENFILE: 'the system has no more open files to give',
  EADDRINUSE: 'something else listens there',
};

/** The reason in words; the message of the error for a code that has none here. */
export function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code !== undefined && REASONS[code]) || message;
}
