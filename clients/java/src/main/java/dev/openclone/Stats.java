package dev.openclone;

/**
 * What has become of the events of a client, since it was made.
 *
 * @param queued events that wait now, those of earlier runs included
 * @param stored events that the server stored
 * @param skipped events that the server had before
 * @param rejected events that were set aside in {@code dead-letter/}
 * @param dropped events that were deleted because the spool was full
 * @param spoolBytes size of the spool on disk, in bytes
 */
public record Stats(long queued, long stored, long skipped, long rejected, long dropped, long spoolBytes) {}
