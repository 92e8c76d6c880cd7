/**
 * The NBD server: exports as the protocol's clients see them ({@code doc/proto.md} of the
 * protocol's reference implementation).
 *
 * <p>Read {@link dev.varve.io.nbd.NbdServer} first, then {@code NbdConnection} and {@code
 * Transmission}. A connection is a {@code HandshakePhase}, then a {@code ServedClient}, then a
 * {@code ConnectionEnd}; {@code UntakenReplies} and {@code IdleWatch} look after clients that do
 * not take or ask. What lies below a connection knows of it only what {@code Connection} says.
 *
 * <p><b>Threads.</b> A client comes and chooses its disk on a Vert.x event loop, which waits for
 * nothing. Then its connection moves to an event loop that serves disks of one file system only
 * ({@code DiskLoops}), and stays there: small writes and faults happen on that loop, and a host
 * that hangs in one of them delays only clients of disks on the same file system. A disk whose
 * files come to lie on another file system while it is served, by a snapshot taken there, keeps its
 * clients on their loops until they connect anew. Everything of a connection runs on its loop, and
 * asserts it. Storage threads meet a loop only in the inbox of its {@code NbdLoop}. Knows {@code
 * core.device}, {@code core.log} and nothing of images or files.
 *
 * <p><b>How bytes move.</b> Requests are parsed where the kernel put them. A read of up to 32 KiB
 * is copied behind its reply's header, and a batch of such replies leaves with one write: copying 4
 * KiB costs less than a buffer object and an entry of a gathering write. A longer read leaves as
 * slices of the device's memory, under a lease; if it is not at hand, once it has been fetched. A
 * write goes to the device from the receive buffer; one of more than 32 KiB in pieces as they
 * arrive, and if such a piece has to be handed over, the receive buffer itself goes along. What
 * cannot be served in place is handed over and answered in the order in which it completes.
 *
 * <p><b>TLS</b> begins with an option of the handshake ({@code SecureChannel}); on a port that
 * speaks it, nothing else is answered before. From then on bytes come decrypted from Netty's
 * handler, and are appended to the receive buffer. Replies go to it as they are, long ones as
 * slices of the device's memory, and are encrypted in parts, while the socket takes them: what a
 * client does not take is not encrypted, and a lease ends when the socket has everything. It is the
 * JDK's TLS. It copies out of an image's memory in Java, where a file that was cut is an error of
 * this client; native code would end the process. Measured beside qemu-nbd by {@code tls-compare}
 * of the bench.
 *
 * <p><b>Bounds.</b> {@link dev.varve.io.nbd.NbdLimits} says what a client may cost. Memory follows
 * what a client has sent, never what it announces: a handshake that waits keeps exactly its bytes,
 * a connection that waits in the middle of a request one small buffer, an idle one nothing. One
 * turn of an event loop does about a millisecond of work for one connection before others have
 * theirs. A large read is answered out of the host's page cache, cold as well, so that it holds no
 * buffer while the client does not take it. The buffers of all clients together are bounded: the
 * more are in use, the less may each hold, and when all are, a client that takes no replies is cut.
 * How many clients there are is bounded by their number and by file descriptors: a socket whose
 * descriptor is among those that the rest of the program needs belongs to a client that is refused
 * ({@code Admission}).
 *
 * <p><b>Choices</b> where the protocol leaves them open:
 *
 * <ul>
 *   <li>The empty export name finds the only export while there is just one.
 *   <li>The preferred block size is the device's, within 4 KiB and 32 MiB.
 *   <li>A write that is refused is answered after its payload has been passed over, however long it
 *       is: clients do not look for replies while they send.
 *   <li>A fast zero succeeds for whole blocks that may become holes; of other ranges it cannot be
 *       known here whether they need a copy, so they are not called fast.
 *   <li>Zeroes are reported as holes to {@code base:allocation}, data as allocated, whichever image
 *       of the chain holds it; {@code qemu:allocation-depth} tells those apart.
 *   <li>Success without data is answered with a simple reply also where replies are structured;
 *       errors then come as a chunk with a message.
 *   <li>An option of more than 16 KiB, or more than 1024 options, end the session.
 * </ul>
 */
@NullMarked
package dev.varve.io.nbd;

import org.jspecify.annotations.NullMarked;
