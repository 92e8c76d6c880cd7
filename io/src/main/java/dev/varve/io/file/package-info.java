/**
 * A file that holds an image: mapped for reading, written by position, locked, and made durable on
 * demand.
 *
 * <p>Read {@link dev.varve.io.file.ImageFile} first. Nothing here knows what the bytes mean, and
 * nothing here chooses a thread: every method says whether it may block.
 *
 * <h2>Small folios</h2>
 *
 * <p>The page cache keeps a file in folios, and a 4 KiB {@code pwrite} walks all of the folio that
 * it falls into. How large a folio is depends on what brings its first page into memory. Measured
 * with Linux 6.18 and ext4, in microseconds (medians; other programs ran on the machine, so read
 * the ratios); {@code varve-bench micro FolioBenchmark} measures this table again:
 *
 * <pre>
 *   cache filled by                            then 4 KiB written   then 1 MiB overwritten
 *   reading in sequence, no advice             50 to 120            77 to 180
 *   reading after POSIX_FADV_RANDOM            1.9                  190 to 230
 *   WILLNEED, whatever the advice              1.9
 *   writing 1 MiB at a time                    18                   78
 *   writing 256 / 128 / 64 KiB at a time       7.7 / 4.3 / 3.1      77 / 75 / 79
 *   writing 16 / 4 KiB at a time               1.7 / 1.6            92 / 195
 * </pre>
 *
 * <p>So bulk writes are cut at multiples of 64 KiB, which costs them nothing (and lets small ones
 * in between, as ext4 locks the file for each), and every file is opened with {@code
 * POSIX_FADV_RANDOM}. That turns the kernel's read-ahead off: a cold sequential read in 4 KiB steps
 * fell from 355 to 70 MB/s. {@code ReadAhead} therefore notices sequences and asks for what
 * follows, which brings back a third to three quarters of what the kernel reached with a read-ahead
 * of 8 MiB, an unusual setting; cold random reads are the same with either (61 to 77 us). It has a
 * second reason: a page that the kernel read ahead carries a mark, and touching it through the
 * mapping starts the next read-ahead, on an event loop if that is where it is touched.
 *
 * <p>The mapping has no advice. {@code MADV_RANDOM} makes touching a cold page cheaper (65 instead
 * of 225 us, because 87 pages are brought in otherwise), but cold pages are read by position on
 * storage threads and not touched; and the kernel does not count pages of such a mapping as used,
 * so that the hottest would be the first to be evicted. {@code MADV_POPULATE_READ} is no faster
 * than reading by position, and fills large folios.
 *
 * <h2>What is in memory</h2>
 *
 * <p>{@code mincore} for 64 KiB costs about a microsecond, a known piece some ten nanoseconds, a
 * refresh 0.1 to 0.4 microseconds for each piece that was used in the last second.
 *
 * <p>The figures outside the table were measured once, by hand, on the same machine: they say why
 * the code is as it is, and no command repeats them. What they decide is seen in {@code varve-bench
 * compare}: workloads {@code cold-rr32}, {@code sr128} and {@code rw32}.
 */
@NullMarked
package dev.varve.io.file;

import org.jspecify.annotations.NullMarked;
