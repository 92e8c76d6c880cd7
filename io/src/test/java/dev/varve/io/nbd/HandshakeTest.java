package dev.varve.io.nbd;

import static dev.varve.io.nbd.NbdClient.contextData;
import static dev.varve.io.nbd.NbdClient.infoData;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.Export;
import dev.varve.io.nbd.Handshake.Outcome;
import dev.varve.io.testing.MemoryDevice;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HandshakeTest {

  private static final int FIXED = Wire.FLAG_FIXED_NEWSTYLE;
  private static final int CAPACITY = 1 << 20;

  private final MemoryDevice device = new MemoryDevice(CAPACITY);
  private final Exports exports = new Exports(NbdLimits.DEFAULT);
  private final ByteBuf in = Unpooled.buffer();
  private final ByteBuf out = Unpooled.buffer();
  private Handshake handshake = new Handshake(exports, NbdLimits.DEFAULT, ReplyStyle.STRUCTURED);

  HandshakeTest() {
    exports.publish(new Export("disk", "a disk", device, false, true, true));
  }

  @AfterEach
  void closeDevice() {
    device.close();
  }

  // ---- Greeting and flags

  @Test
  void greetingOffersFixedNewstyleWithoutZeroes() {
    Handshake.greet(out);

    assertEquals(
        "NBDMAGICIHAVEOPT", out.readCharSequence(16, StandardCharsets.ISO_8859_1).toString());
    assertEquals(3, out.readShort());
    assertFalse(out.isReadable());
  }

  @Test
  void unknownClientFlagEndsTheSession() {
    in.writeInt(FIXED | 4);

    assertEquals(Outcome.END, handshake.advance(in, out));
  }

  @Test
  void clientWithoutFixedNewstyleMayOnlyNameAnExport() {
    in.writeInt(0);
    handshake.advance(in, out);

    assertEquals(Outcome.END, option(Wire.OPT_LIST));
  }

  @Test
  void wrongOptionMagicEndsTheSession() {
    greet();
    in.writeLong(0x1234).writeInt(Wire.OPT_LIST).writeInt(0);

    assertEquals(Outcome.END, handshake.advance(in, out));
  }

  @Test
  void optionIsLookedAtOnlyWhenAllOfItIsThere() {
    greet();
    byte[] data = infoData("disk");
    in.writeLong(Wire.OPTION_MAGIC).writeInt(Wire.OPT_INFO).writeInt(data.length);
    for (byte b : data) {
      assertEquals(Outcome.WAIT, handshake.advance(in, out));
      in.writeByte(b);
    }

    assertEquals(Outcome.GO_ON, handshake.advance(in, out));
  }

  // ---- Export name

  @Test
  void exportNameIsAnsweredWithSizeFlagsAndZeroes() {
    greet();

    assertEquals(Outcome.TRANSMIT, option(Wire.OPT_EXPORT_NAME, utf8("disk")));

    assertEquals(CAPACITY, out.readLong());
    assertTrue((out.readShort() & Wire.HAS_FLAGS) != 0);
    assertEquals(124, out.readableBytes());
    while (out.isReadable()) assertEquals(0, out.readByte());
  }

  @Test
  void zeroesAreLeftOutForAClientThatWantsNone() {
    in.writeInt(FIXED | Wire.FLAG_NO_ZEROES);
    handshake.advance(in, out);

    option(Wire.OPT_EXPORT_NAME, utf8("disk"));

    assertEquals(10, out.readableBytes());
  }

  @Test
  void unknownExportNameEndsTheSession() {
    greet();

    assertEquals(Outcome.END, option(Wire.OPT_EXPORT_NAME, utf8("nothing")));
  }

  // ---- List, abort, unknown options

  @Test
  void listNamesAndDescribesEveryExport() {
    exports.publish(new Export("other", "", device, true, false, false));
    greet();

    option(Wire.OPT_LIST);

    List<Reply> replies = replies();
    assertEquals(
        List.of("disk|a disk", "other|"), replies.stream().limit(2).map(Reply::server).toList());
    assertEquals(Wire.REP_ACK, replies.get(2).type());
  }

  @Test
  void listWithDataIsInvalid() {
    greet();

    option(Wire.OPT_LIST, utf8("x"));

    assertEquals(Wire.REP_ERR_INVALID, replies().getLast().type());
  }

  @Test
  void abortIsAcknowledgedAndEndsTheSession() {
    greet();

    assertEquals(Outcome.END, option(Wire.OPT_ABORT, utf8("ignored")));

    assertEquals(Wire.REP_ACK, replies().getLast().type());
  }

  @Test
  void unknownOptionIsUnsupportedAndTheNextOneIsUnderstood() {
    greet();

    option(4711, utf8("whatever this is"));
    option(Wire.OPT_STARTTLS);
    option(Wire.OPT_LIST);

    List<Reply> replies = replies();
    assertEquals(new Reply(4711, Wire.REP_ERR_UNSUP, "option 4711 is not known"), replies.get(0));
    assertEquals(Wire.REP_ERR_UNSUP, replies.get(1).type());
    assertEquals(Wire.REP_ACK, replies.getLast().type());
  }

  @Test
  void optionLongerThanTheLimitIsTooBigBeforeItsDataArrives() {
    greet();
    in.writeLong(Wire.OPTION_MAGIC).writeInt(Wire.OPT_INFO).writeInt(-1);

    assertEquals(Outcome.END, handshake.advance(in, out));

    assertEquals(Wire.REP_ERR_TOO_BIG, replies().getLast().type());
  }

  @Test
  void clientThatNeverStopsSendingOptionsIsSentAway() {
    greet();
    for (int i = 0; i < NbdLimits.DEFAULT.options(); i++) {
      assertEquals(Outcome.GO_ON, option(4711));
    }

    assertEquals(Outcome.END, option(4711));
  }

  // ---- Info and go

  @Test
  void infoDescribesTheExportAndStaysInTheHandshake() {
    greet();

    assertEquals(Outcome.GO_ON, option(Wire.OPT_INFO, infoData("disk")));

    List<Reply> replies = replies();
    assertEquals(2, replies.size());
    ByteBuf info = replies.getFirst().buffer();
    assertEquals(Wire.INFO_EXPORT, info.readShort());
    assertEquals(CAPACITY, info.readLong());
  }

  @Test
  void goAnswersWhatWasAskedForAndBeginsTheTransmission() {
    greet();

    byte[] data = infoData("disk", Wire.INFO_NAME, Wire.INFO_DESCRIPTION, Wire.INFO_BLOCK_SIZE, 99);
    assertEquals(Outcome.TRANSMIT, option(Wire.OPT_GO, data));

    List<Reply> replies = replies();
    assertEquals(5, replies.size());
    assertEquals("disk", replies.get(1).text().substring(2));
    assertEquals("a disk", replies.get(2).text().substring(2));
    ByteBuf sizes = replies.get(3).buffer();
    assertEquals(Wire.INFO_BLOCK_SIZE, sizes.readShort());
    assertEquals(1, sizes.readInt());
    assertEquals(4096, sizes.readInt());
    assertEquals(32 << 20, sizes.readInt());
    assertEquals(Wire.REP_ACK, replies.get(4).type());
    assertSame(device, handshake.chosen().export().device());
  }

  @Test
  void goForAnUnknownExportSaysSoAndGoesOn() {
    greet();

    assertEquals(Outcome.GO_ON, option(Wire.OPT_GO, infoData("nothing")));

    assertEquals(Wire.REP_ERR_UNKNOWN, replies().getLast().type());
    assertEquals(Outcome.TRANSMIT, option(Wire.OPT_GO, infoData("disk")));
  }

  @Test
  void goWithLengthsThatDoNotAddUpIsInvalid() {
    greet();
    byte[][] broken = {
      {}, {0, 0, 0, 0}, {0, 0, 0, 9, 'x', 0, 0}, {0, 0, 0, 0, 0, 2, 0, 0}, {-1, -1, -1, -1, 0, 0}
    };
    for (byte[] data : broken) {
      assertEquals(Outcome.GO_ON, option(Wire.OPT_GO, data));
      assertEquals(Wire.REP_ERR_INVALID, replies().getLast().type());
    }
  }

  @Test
  void emptyNameFindsTheOnlyExportAndTellsItsName() {
    greet();

    option(Wire.OPT_INFO, infoData("", Wire.INFO_NAME));
    assertEquals("disk", replies().get(1).text().substring(2));

    exports.publish(new Export("second", "", device, true, false, false));
    option(Wire.OPT_INFO, infoData(""));
    assertEquals(Wire.REP_ERR_UNKNOWN, replies().getLast().type());

    exports.publish(new Export("", "default", device, true, false, false));
    option(Wire.OPT_INFO, infoData("", Wire.INFO_DESCRIPTION));
    assertEquals("default", replies().get(1).text().substring(2));
  }

  // ---- Transmission flags

  @Test
  void flagsOfAWritableExportOfferEverything() {
    assertEquals(
        Wire.HAS_FLAGS
            | Wire.SEND_FLUSH
            | Wire.SEND_FUA
            | Wire.ROTATIONAL
            | Wire.SEND_TRIM
            | Wire.SEND_WRITE_ZEROES
            | Wire.SEND_FAST_ZERO
            | Wire.CAN_MULTI_CONN
            | Wire.SEND_CACHE,
        flags("disk"));
  }

  @Test
  void flagsOfAReadOnlyExportOfferNothingThatModifies() {
    exports.publish(new Export("frozen", "", device, true, true, false));

    assertEquals(
        Wire.HAS_FLAGS
            | Wire.READ_ONLY
            | Wire.SEND_FLUSH
            | Wire.SEND_FUA
            | Wire.CAN_MULTI_CONN
            | Wire.SEND_CACHE,
        flags("frozen"));
  }

  @Test
  void trimIsOfferedOnlyWhereDiscardIsOn() {
    exports.publish(new Export("kept", "", device, false, false, false));

    assertEquals(0, flags("kept") & Wire.SEND_TRIM);
  }

  @Test
  void unfragmentedReadsAreOfferedOnlyWithStructuredReplies() {
    greet();
    option(Wire.OPT_STRUCTURED_REPLY);
    replies();

    option(Wire.OPT_INFO, infoData("disk"));

    assertTrue((replies().getFirst().buffer().getShort(10) & Wire.SEND_DF) != 0);
  }

  // ---- Structured replies and metadata contexts

  @Test
  void structuredRepliesAreAgreedOn() {
    greet();

    option(Wire.OPT_STRUCTURED_REPLY);

    assertEquals(Wire.REP_ACK, replies().getLast().type());
    option(Wire.OPT_GO, infoData("disk"));
    assertEquals(new NegotiatedOptions(true, 0), handshake.negotiated());
  }

  @Test
  void serverOfSimpleRepliesRefusesStructuredOnesAndGoesOn() {
    handshake = new Handshake(exports, NbdLimits.DEFAULT, ReplyStyle.SIMPLE);
    greet();

    option(Wire.OPT_STRUCTURED_REPLY);

    assertEquals(Wire.REP_ERR_UNSUP, replies().getLast().type());
    option(Wire.OPT_GO, infoData("disk"));
    assertEquals(new NegotiatedOptions(false, 0), handshake.negotiated());
  }

  @Test
  void structuredReplyOptionWithDataIsInvalid() {
    greet();

    option(Wire.OPT_STRUCTURED_REPLY, utf8("x"));

    assertEquals(Wire.REP_ERR_INVALID, replies().getLast().type());
  }

  @Test
  void contextsNeedStructuredRepliesFirst() {
    greet();

    option(Wire.OPT_SET_META_CONTEXT, contextData("disk", "base:allocation"));

    assertEquals(Wire.REP_ERR_INVALID, replies().getLast().type());
  }

  @Test
  void listingContextsUnderstandsNamespaces() {
    structured();

    assertEquals(List.of("base:allocation", "qemu:allocation-depth"), listed());
    assertEquals(List.of("base:allocation"), listed("base:"));
    assertEquals(List.of("qemu:allocation-depth"), listed("qemu:"));
    assertEquals(
        List.of("base:allocation"), listed("base:allocation", "x-other:", "base:nonsense"));
    assertEquals(List.of(), listed("x-other:thing"));
  }

  @Test
  void settingContextsTakesExactNamesOnly() {
    structured();

    option(Wire.OPT_SET_META_CONTEXT, contextData("disk", "base:", "qemu:allocation-depth"));

    List<Reply> replies = replies();
    assertEquals(2, replies.size());
    assertEquals(NegotiatedOptions.DEPTH, replies.getFirst().buffer().readInt());
    option(Wire.OPT_GO, infoData("disk"));
    assertEquals(new NegotiatedOptions(true, NegotiatedOptions.DEPTH), handshake.negotiated());
  }

  @Test
  void settingContextsAgainReplacesThemEvenWhenItFails() {
    structured();
    option(Wire.OPT_SET_META_CONTEXT, contextData("disk", "base:allocation"));

    option(Wire.OPT_SET_META_CONTEXT, contextData("nothing", "base:allocation"));

    option(Wire.OPT_GO, infoData("disk"));
    assertEquals(0, handshake.negotiated().contexts());
  }

  @Test
  void contextsOfAnotherExportDoNotCount() {
    exports.publish(new Export("other", "", device, true, false, false));
    structured();
    option(Wire.OPT_SET_META_CONTEXT, contextData("other", "base:allocation"));

    option(Wire.OPT_GO, infoData("disk"));

    assertEquals(0, handshake.negotiated().contexts());
  }

  @Test
  void contextQueriesThatReachBeyondTheOptionAreInvalid() {
    structured();
    byte[] good = contextData("disk", "base:allocation");

    option(Wire.OPT_SET_META_CONTEXT, java.util.Arrays.copyOf(good, good.length - 1));
    assertEquals(Wire.REP_ERR_INVALID, replies().getLast().type());

    option(Wire.OPT_SET_META_CONTEXT, java.util.Arrays.copyOf(good, good.length + 1));
    assertEquals(Wire.REP_ERR_INVALID, replies().getLast().type());
  }

  // ---- Asking

  private record Reply(int option, int type, String text) {
    ByteBuf buffer() {
      return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }

    String server() {
      int length = buffer().getInt(0);
      return text.substring(4, 4 + length) + "|" + text.substring(4 + length);
    }
  }

  private void greet() {
    in.writeInt(FIXED);
    assertEquals(Outcome.GO_ON, handshake.advance(in, out));
  }

  private void structured() {
    greet();
    option(Wire.OPT_STRUCTURED_REPLY);
    replies();
  }

  private Outcome option(int option, byte... data) {
    in.writeLong(Wire.OPTION_MAGIC).writeInt(option).writeInt(data.length).writeBytes(data);
    return handshake.advance(in, out);
  }

  /** What has been answered since the last call. */
  private List<Reply> replies() {
    var replies = new ArrayList<Reply>();
    while (out.isReadable()) {
      assertEquals(Wire.OPTION_REPLY_MAGIC, out.readLong());
      int option = out.readInt();
      int type = out.readInt();
      CharSequence text = out.readCharSequence(out.readInt(), StandardCharsets.ISO_8859_1);
      replies.add(new Reply(option, type, text.toString()));
    }
    return replies;
  }

  private List<String> listed(String... queries) {
    option(Wire.OPT_LIST_META_CONTEXT, contextData("disk", queries));
    List<Reply> replies = replies();
    assertEquals(Wire.REP_ACK, replies.removeLast().type());
    return replies.stream().map(reply -> reply.text().substring(4)).toList();
  }

  private int flags(String name) {
    handshake = new Handshake(exports, NbdLimits.DEFAULT, ReplyStyle.STRUCTURED);
    greet();
    option(Wire.OPT_INFO, infoData(name));
    return replies().getFirst().buffer().getUnsignedShort(10);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void withdrawnExportIsUnknown() {
    greet();

    Future<Void> unused = exports.withdraw("disk");

    assertTrue(unused.succeeded());
    option(Wire.OPT_GO, infoData("disk"));
    assertEquals(Wire.REP_ERR_UNKNOWN, replies().getLast().type());
  }
}
