/**
 * The vhost-user-blk server: a disk for a virtual machine whose memory this process maps, so that a
 * read is one copy, from the page cache into the guest's buffer.
 */
@NullMarked
package dev.varve.io.vhost;

import org.jspecify.annotations.NullMarked;
