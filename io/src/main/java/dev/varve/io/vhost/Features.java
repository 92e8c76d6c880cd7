package dev.varve.io.vhost;

/**
 * What a front-end and this server have agreed on: features of the device (virtio 1.2, section
 * 2.2), and those of the protocol between the two. Used on the loop of the front-end.
 */
final class Features {

  private static final long INDIRECT = 1L << 28;
  private static final long EVENT_INDEX = 1L << 29;
  private static final long PROTOCOL = 1L << 30;
  private static final long VERSION_1 = 1L << 32;

  /** {@code VHOST_USER_PROTOCOL_F_...}. */
  private static final long P_MQ = 1L << 0;

  private static final long P_REPLY_ACK = 1L << 3;
  private static final long P_BACKEND_REQ = 1L << 5;
  private static final long P_CONFIG = 1L << 9;
  private static final long P_INFLIGHT = 1L << 12;
  private static final long P_RESET_DEVICE = 1L << 13;
  private static final long P_MEM_SLOTS = 1L << 15;

  /** Those of the protocol that there are. */
  static final long PROTOCOL_FEATURES =
      P_MQ | P_REPLY_ACK | P_BACKEND_REQ | P_CONFIG | P_INFLIGHT | P_RESET_DEVICE | P_MEM_SLOTS;

  private long offered;
  private long chosen;
  private long chosenOfProtocol;

  /** Those of the device, from which the front-end chooses. */
  long offer(BlockConfig config) {
    offered = config.features() | VERSION_1 | INDIRECT | EVENT_INDEX | PROTOCOL;
    return offered;
  }

  /**
   * The front-end has chosen.
   *
   * @throws ProtocolException a feature that it was not offered
   */
  void choose(long features) throws ProtocolException {
    if ((features & ~offered) != 0)
      throw new ProtocolException(
          "the features %#x, which the device does not have".formatted(features));
    chosen = features;
  }

  void chooseOfProtocol(long features) {
    chosenOfProtocol = features & PROTOCOL_FEATURES;
  }

  /** Whether a driver with these features lets writes wait for a flush. */
  boolean writesBack() {
    return BlockConfig.writesBack(chosen);
  }

  boolean hasIndirect() {
    return (chosen & INDIRECT) != 0;
  }

  boolean hasEventIndex() {
    return (chosen & EVENT_INDEX) != 0;
  }

  /** Whether queues have to be enabled; else each is, from its kick on. */
  boolean enablesQueues() {
    return (chosen & PROTOCOL) != 0;
  }

  /** Whether the front-end may ask for an answer to messages that have none of their own. */
  boolean acknowledges() {
    return (chosenOfProtocol & P_REPLY_ACK) != 0;
  }
}
