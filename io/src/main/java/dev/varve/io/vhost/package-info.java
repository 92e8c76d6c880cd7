/**
 * The vhost-user-blk server: a disk for a virtual machine whose memory this process maps, so that a
 * read is one copy, from the page cache into the guest's buffer.
 *
 * <p>Read {@link dev.varve.io.vhost.VhostServer} first, then from the outside in: {@code
 * VhostSocket} is where front-ends come for one disk, {@code FrontEnd} hears one of them, {@code
 * BackEnd} does what it says, {@code BlockQueue} serves one queue, whose ring is a {@code
 * SplitRing}, each request in it a {@code Chain} of buffers, and {@code BlockRequests} what the
 * request asks of the disk. The walk of a request and the rules for shared memory are in {@code
 * io/DESIGN.md}.
 *
 * <p>The guest is the virtual machine, and the driver the part of it that asks. The front-end is
 * the program that runs the guest and connects to the socket, such as QEMU. It is a client of
 * {@code io.client}, like those of NBD.
 *
 * <p>What front-ends say is heard on a loop of Vert.x, each queue is served on a loop of {@code
 * io.loop}. Knows devices, and no image.
 *
 * <p>Packed rings are not offered. Beside {@code SplitRing} they would take another ring, another
 * layout of the in-flight table and another walk in {@code Chain}, and QEMU turns them off unless
 * it is told otherwise.
 */
@NullMarked
package dev.varve.io.vhost;

import org.jspecify.annotations.NullMarked;
