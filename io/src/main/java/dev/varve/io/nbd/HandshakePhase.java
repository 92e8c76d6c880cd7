package dev.varve.io.nbd;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A connection until its client has chosen a disk: whether the client is let in, how long it may
 * take, and what it is answered. Used on the event loop where the client came.
 */
final class HandshakePhase {

  /** How long a client that is refused may take to ask for something, and hear why. */
  private static final Duration REFUSAL = Duration.ofSeconds(5);

  private final Admission admission;
  private final NbdLimits limits;
  private final Handshake handshake;
  private Admission.Answer answer;
  private @Nullable String missed;

  /**
   * @param answer whether there was room for the client when it came
   * @param needsTls whether the client has to begin TLS first
   */
  HandshakePhase(
      Exports exports,
      NbdLimits limits,
      ReplyStyle style,
      Admission.Answer answer,
      boolean needsTls) {
    this.admission = exports.admission();
    this.limits = limits;
    this.handshake = new Handshake(exports, limits, style);
    this.answer = answer;
    if (needsTls) handshake.requireTls();
  }

  /** What the admission has to be told when the client is gone. */
  Admission.Answer answer() {
    return answer;
  }

  /** Greets the client. */
  void begin(ChannelHandlerContext context, ConnectionEnd end) {
    bound(end, answer == Admission.Answer.ADMITTED ? limits.handshake() : REFUSAL);
    ByteBuf greeting = context.alloc().buffer(32);
    Handshake.greet(greeting);
    context.writeAndFlush(greeting); // a failure closes the channel, which is all that matters
  }

  private static void bound(ConnectionEnd end, Duration time) {
    end.cutAfter(time, "it did not choose a disk within " + time.toSeconds() + " s");
  }

  /**
   * Answers the options that were received.
   *
   * @return {@link Handshake.Outcome#WAIT}, {@link Handshake.Outcome#START_TLS}, {@link
   *     Handshake.Outcome#TRANSMIT} for a client that has chosen {@link #chosen} and entered it, or
   *     {@link Handshake.Outcome#END}
   */
  Handshake.Outcome advance(
      ChannelHandlerContext context,
      Inbound inbound,
      Connection connection,
      ConnectionEnd end,
      long nowNanos) {
    if (answer == Admission.Answer.WAITS) askAgain(context, end, nowNanos);
    ByteBuf out = context.alloc().buffer(256);
    Handshake.Outcome outcome = Handshake.Outcome.GO_ON;
    while (outcome == Handshake.Outcome.GO_ON && !end.hasBegun()) {
      outcome = handshake.advance(inbound.buffer(), out);
    }
    if (outcome == Handshake.Outcome.TRANSMIT && !handshake.chosen().enter(connection)) {
      outcome = Handshake.Outcome.END; // it was withdrawn while it was being chosen
    }
    context.writeAndFlush(out, context.voidPromise());
    return outcome;
  }

  /** There was no room for the client when it came. */
  private void askAgain(ChannelHandlerContext context, ConnectionEnd end, long nowNanos) {
    answer = admission.askAgain(VertxInside.descriptor(context.channel()), nowNanos);
    if (answer == Admission.Answer.ADMITTED) bound(end, limits.handshake());
    else handshake.refuse(Admission.REASON);
  }

  /** See {@link Handshake#secured}. */
  void secured() {
    handshake.secured();
  }

  /**
   * The disk that the client has asked for and that is not there; null if there is none, or if this
   * was told before, for clients ask twice.
   */
  @Nullable String unknown() {
    String unknown = handshake.unknown();
    if (unknown == null || unknown.equals(missed)) return null;
    missed = unknown;
    return unknown;
  }

  Exports.Published chosen() {
    return handshake.chosen();
  }

  NegotiatedOptions negotiated() {
    return handshake.negotiated();
  }
}
