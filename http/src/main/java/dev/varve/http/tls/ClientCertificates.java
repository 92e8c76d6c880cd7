package dev.varve.http.tls;

import io.vertx.core.http.ClientAuth;
import java.util.Locale;
import javax.net.ssl.SSLEngine;

/** Whether clients have to show a certificate. Immutable. */
public enum ClientCertificates {
  /** One that is shown has to be valid. */
  OPTIONAL,
  REQUIRED;

  /** The word of the command line. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  void askOn(SSLEngine engine) {
    if (this == REQUIRED) engine.setNeedClientAuth(true);
    else engine.setWantClientAuth(true);
  }

  ClientAuth inHttp() {
    return this == REQUIRED ? ClientAuth.REQUIRED : ClientAuth.REQUEST;
  }
}
