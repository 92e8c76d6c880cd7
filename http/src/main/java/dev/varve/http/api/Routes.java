package dev.varve.http.api;

import dev.varve.core.log.Cause;
import dev.varve.core.medium.ErrorCode;
import dev.varve.http.access.Grant;
import dev.varve.http.access.Scope;
import dev.varve.http.page.PageFile;
import dev.varve.http.page.WebPage;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The path of a request: through the access check, to the operation of its path and method, to the
 * handler, and back as an answer or a problem. Belongs to the event loop of its listener.
 */
final class Routes {

  /** Longer than any body that a schema allows. */
  static final int MAX_BODY = 1 << 20;

  private static final Pattern BROKEN_ESCAPE = Pattern.compile("%(?![0-9a-fA-F]{2})");

  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

  private static final Pattern KEY = Pattern.compile("[0-9A-Za-z._:-]{1,128}");

  private final Vertx vertx;
  private final RequestId.Names names;
  private final RepeatedRequests repeated;
  private final WrongTokens wrongTokens = new WrongTokens(System::nanoTime);
  private final ApiDocument document;
  private final WebPage page;
  private final Handlers handlers;
  private final AccessCheck access;
  private final Connections connections;
  private final Strangers strangers;
  private final HttpRequests requests;
  private final Consumer<Throwable> bugs;

  /**
   * @param names for requests that have none
   * @param repeated keeps the answers to requests that may be sent again
   * @param page what a browser sees at the address
   * @param strangers hears of requests that the access check refuses
   * @param requests counts those that are answered
   * @param bugs hears of failures that are not a client's fault
   * @throws IllegalStateException if an operation of the document has no handler, or a handler no
   *     operation
   */
  Routes(
      Vertx vertx,
      RequestId.Names names,
      RepeatedRequests repeated,
      ApiDocument document,
      WebPage page,
      Handlers handlers,
      AccessCheck access,
      Connections connections,
      Strangers strangers,
      HttpRequests requests,
      Consumer<Throwable> bugs) {
    this.vertx = vertx;
    this.names = names;
    this.repeated = repeated;
    this.document = document;
    this.page = page;
    this.handlers = handlers;
    this.access = access;
    this.connections = connections;
    this.strangers = strangers;
    this.requests = requests;
    this.bugs = bugs;
    Set<String> described =
        document.operations().stream().map(Operation::id).collect(Collectors.toSet());
    if (!described.equals(handlers.operations()))
      throw new IllegalStateException(
          "the document describes %s, and there are handlers for %s"
              .formatted(new TreeSet<>(described), new TreeSet<>(handlers.operations())));
  }

  /** What takes requests. */
  Handler<HttpServerRequest> entrance() {
    Router router = router();
    return request ->
        Cause.during(RequestId.begun(request, names).cause(), () -> enter(router, request));
  }

  private void enter(Router router, HttpServerRequest request) {
    drop(request); // until a handler reads it
    if (isHostBroken(request))
      fail(request, RefusedRequest.malformed("the header Host is not a host"));
    else if (isHostMissing(request))
      fail(
          request,
          RefusedRequest.malformed("HTTP/1.1 requires the header Host: send 'Host: localhost'"));
    else if (!request.uri().startsWith("/"))
      fail(request, RefusedRequest.malformed("the request line has no path; Varve is not a proxy"));
    else if (isCodingUnknown(request))
      failAndClose(
          request,
          RefusedRequest.malformed(
              "the body has a Transfer-Encoding that Varve does not know; send it chunked, or with its Content-Length"));
    else if (isDecodable(request.path())) router.handle(request);
    else
      fail(
          request,
          RefusedRequest.malformed(
              "a '%' of the path has no two hexadecimal digits after it; percent-encode it as %25"));
  }

  private static boolean isHostBroken(HttpServerRequest request) {
    return request.authority() == null && request.headers().contains("Host");
  }

  private static boolean isHostMissing(HttpServerRequest request) {
    return request.authority() == null && request.version() == HttpVersion.HTTP_1_1;
  }

  /** Where its body ends is unknown, so what follows could be taken for another request. */
  private static boolean isCodingUnknown(HttpServerRequest request) {
    List<String> codings = request.headers().getAll("Transfer-Encoding");
    return !codings.isEmpty()
        && !(codings.size() == 1 && codings.getFirst().strip().equalsIgnoreCase("chunked"));
  }

  private void failAndClose(HttpServerRequest request, RefusedRequest why) {
    request.response().putHeader("Connection", "close");
    fail(request, why);
    request.connection().close();
  }

  private static boolean isDecodable(@Nullable String path) {
    return path != null && !BROKEN_ESCAPE.matcher(path).find();
  }

  private Router router() {
    Router router = Router.router(vertx);
    for (Operation operation : document.operations()) {
      Route route = router.route(operation.method(), operation.routerPath());
      if (operation.method().equals(HttpMethod.GET)) route.method(HttpMethod.HEAD);
      route.handler(context -> serve(operation, context));
    }
    // After all operations: a path without a parameter may also be one with it.
    for (Operation operation : document.operations())
      router.route(operation.routerPath()).handler(context -> refuseMethod(operation, context));
    for (String path : WebPage.PATHS)
      router
          .route(path)
          .method(HttpMethod.GET)
          .method(HttpMethod.HEAD)
          .handler(context -> servePage(path, context));
    router.route().handler(this::refusePath);
    router.route().failureHandler(this::failed);
    return router;
  }

  private void serve(Operation operation, RoutingContext context) {
    HttpServerRequest request = context.request();
    count(operation.path(), context);
    Grant grant;
    try {
      grant = access.check(request, !operation.open());
      if (!operation.open()) connections.known(request.connection());
      checkScope(operation, grant);
      checkLength(request);
    } catch (RuntimeException refused) {
      if (refused instanceof RefusedRequest why)
        strangers.refused(client(request), line(request), why);
      refuseLater(request, refused);
      return;
    }
    connections.begun(request.connection(), () -> fail(request, late()));
    if ("100-continue".equalsIgnoreCase(request.getHeader("Expect")))
      request.response().writeContinue();
    Buffer body = Buffer.buffer();
    request.handler(part -> append(part, body, request));
    request.endHandler(_ -> received(operation, context, body, grant));
    request.exceptionHandler(_ -> request.connection().close());
  }

  /** Which machines a scope reaches, {@link MachineBounds} says later. */
  private static void checkScope(Operation operation, Grant grant) {
    Scope held = grant.rights().scope();
    if (!held.includes(operation.scope()))
      throw RefusedRequest.beyond(grant, held.text(), operation.scope().text());
  }

  /**
   * Answers with a file of the page. It needs no token and may be opened from anywhere: it holds
   * nothing, and what it asks the API for is checked there.
   */
  private void servePage(String route, RoutingContext context) {
    HttpServerRequest request = context.request();
    count(route, context);
    vertx // which completes on this event loop
        .executeBlocking(() -> page.file(request.path()), false)
        .onSuccess(
            found ->
                found.ifPresentOrElse(
                    file -> send(request, withScheme(answer(file, request), request)),
                    () -> fail(request, nothingAt(request))))
        .onFailure(failure -> fail(request, failure));
  }

  /**
   * The page asks for a token where it needs one, before a request of its own is refused. A proxy
   * that adds one to each request spares it that.
   */
  private Answer withScheme(Answer answer, HttpServerRequest request) {
    boolean needed = access.needsToken() && !request.headers().contains("Authorization");
    return needed ? answer.with("WWW-Authenticate", "Bearer") : answer;
  }

  private static Answer answer(PageFile file, HttpServerRequest request) {
    String known = request.getHeader("If-None-Match");
    if (known != null && file.isKnownBy(known)) return new Answer(304, file.headers(), null);
    String encodings = request.getHeader("Accept-Encoding");
    boolean packed = encodings != null && encodings.contains("gzip");
    var answer =
        new Answer(200, file.headers(), Buffer.buffer(packed ? file.packed() : file.plain()));
    return packed ? answer.with("Content-Encoding", "gzip") : answer;
  }

  /** One that tries tokens waits for each answer, the longer the more were wrong. */
  private void refuseLater(HttpServerRequest request, RuntimeException refused) {
    boolean isToken = refused instanceof RefusedRequest why && why.status() == 401;
    SocketAddress from = request.remoteAddress();
    long millis = isToken ? wrongTokens.delayMillis(from == null ? null : from.host()) : 0;
    if (millis == 0) fail(request, refused);
    else connections.later(millis, () -> fail(request, refused));
  }

  /** A method has an operation, or the name of none; so the number of kinds is bounded. */
  private void count(String route, RoutingContext context) {
    long began = System.nanoTime();
    context.addEndHandler(
        _ -> {
          String method = context.request().method().name();
          if (!METHODS.contains(method)) method = "other";
          HttpServerResponse response = context.response();
          requests.answered(new HttpRequests.Kind(method, route, response.getStatusCode()));
          if (!response.isChunked()) requests.took(System.nanoTime() - began);
        });
  }

  private static String client(HttpServerRequest request) {
    SocketAddress address = request.remoteAddress();
    return address == null || address.isDomainSocket() ? "a local process" : address.toString();
  }

  private static String line(HttpServerRequest request) {
    return request.method() + " " + request.path();
  }

  private static void checkLength(HttpServerRequest request) {
    String length = request.getHeader("Content-Length");
    if (length != null && (length.length() > 9 || Long.parseLong(length) > MAX_BODY))
      throw tooLarge();
  }

  /** Reads what comes of a refused request, to nowhere. */
  private static void drop(HttpServerRequest request) {
    request.handler(_ -> {});
    request.endHandler(
        _ -> {
          if (hasBody(request)) request.connection().close();
        });
    request.exceptionHandler(_ -> request.connection().close());
  }

  private void append(Buffer part, Buffer body, HttpServerRequest request) {
    if (request.response().ended()) return; // it is refused already, and what still comes dropped
    if (body.length() + part.length() > MAX_BODY) fail(request, tooLarge());
    else body.appendBuffer(part);
  }

  private void received(Operation operation, RoutingContext context, Buffer body, Grant grant) {
    HttpServerRequest request = context.request();
    if (request.response().ended()) {
      request.connection().close();
      return;
    }
    connections.received(request.connection());
    Cause.during(RequestId.of(request).cause(), () -> answered(operation, context, body, grant));
  }

  private void answered(Operation operation, RoutingContext context, Buffer body, Grant grant) {
    HttpServerRequest request = context.request();
    Context loop = vertx.getOrCreateContext();
    answer(operation, context, body, grant)
        .onComplete(
            result ->
                loop.runOnContext(
                    _ -> {
                      if (result.failed()) fail(request, result.cause());
                      else if (isLook(operation) && !grant.holds()) fail(request, withdrawn());
                      else send(request, result.result());
                    }));
  }

  /** What was changed is told also to a client whose token was withdrawn meanwhile. */
  private static boolean isLook(Operation operation) {
    return operation.method().equals(HttpMethod.GET);
  }

  private static RefusedRequest withdrawn() {
    return new RefusedRequest(
        401,
        ErrorCode.E_ACCESSDENIED,
        "the token was withdrawn, or has expired, since the request came");
  }

  /**
   * The key with which a request may be sent again; null if it has none. The answer with a new
   * token is kept nowhere.
   */
  private static @Nullable String key(Operation operation, HttpServerRequest request) {
    List<String> keys = request.headers().getAll(RepeatedRequests.KEY);
    boolean isKept = !operation.id().equals("createToken");
    if (keys.isEmpty() || !isKept || !operation.method().equals(HttpMethod.POST)) return null;
    if (keys.size() == 1 && KEY.matcher(keys.getFirst()).matches()) return keys.getFirst();
    throw RefusedRequest.malformed(
        "the header %s must be there once, with 1 to 128 letters, digits, dots, colons, '_' and '-'"
            .formatted(RepeatedRequests.KEY));
  }

  /** Who asks, by user or by token, which was checked. */
  private static String owner(HttpServerRequest request) {
    String token = AccessCheck.token(request.headers());
    return RequestSource.user(request) + " " + (token == null ? "" : token);
  }

  private Future<Answer> answer(
      Operation operation, RoutingContext context, Buffer body, Grant grant) {
    try {
      if (!grant.holds()) throw withdrawn(); // the body may have come slowly
      Call call = RequestReader.read(operation, context, body, grant);
      String key = key(operation, context.request());
      if (key == null) return handlers.answer(call);
      return repeated.answer(
          owner(context.request()),
          key,
          RepeatedRequests.text(context.request(), body),
          () -> handlers.answer(call));
    } catch (RuntimeException failure) {
      return Future.failedFuture(failure);
    }
  }

  private void refuseMethod(Operation operation, RoutingContext context) {
    count(operation.path(), context);
    String allowed =
        document.operations().stream()
            .filter(other -> other.isAt(context.request().path()))
            .flatMap(other -> methods(other.method()))
            .distinct()
            .sorted()
            .collect(Collectors.joining(", "));
    context.response().putHeader("Allow", allowed);
    HttpServerRequest request = context.request();
    // No more than the document says to every client that may read it.
    if (request.method().equals(HttpMethod.OPTIONS))
      ifLetIn(request, () -> send(request, Answer.done()));
    else
      refuse(
          request,
          new RefusedRequest(
              405,
              ErrorCode.VBOX_E_NOT_SUPPORTED,
              "%s does not take %s, only %s"
                  .formatted(operation.path(), request.method(), allowed)));
  }

  private static Stream<String> methods(HttpMethod method) {
    return method.equals(HttpMethod.GET) ? Stream.of("GET", "HEAD") : Stream.of(method.name());
  }

  private void refusePath(RoutingContext context) {
    count(HttpRequests.NO_ROUTE, context);
    refuse(context.request(), nothingAt(context.request()));
  }

  private static RefusedRequest nothingAt(HttpServerRequest request) {
    return RefusedRequest.unknown(
        "there is nothing at %s; /api/v1/openapi.json lists the paths".formatted(request.path()));
  }

  private void refuse(HttpServerRequest request, RefusedRequest refusal) {
    ifLetIn(request, () -> fail(request, refusal));
  }

  private void ifLetIn(HttpServerRequest request, Runnable answer) {
    try {
      access.check(request, true);
    } catch (RuntimeException notEvenThat) {
      refuseLater(request, notEvenThat);
      return;
    }
    answer.run();
  }

  /** An unexpected failure. */
  private void failed(RoutingContext context) {
    Throwable failure = context.failure();
    fail(
        context.request(),
        failure != null
            ? failure
            : new IllegalStateException("the router says " + context.statusCode()));
  }

  /** Answers what is no HTTP, or too much of it, and closes. */
  void refuseMalformed(HttpServerRequest request) {
    RequestId.begun(request, names);
    Throwable cause = request.decoderResult().cause();
    fail(
        request,
        switch (cause) {
          case TooLongHttpHeaderException _ ->
              new RefusedRequest(
                  431,
                  ErrorCode.E_INVALIDARG,
                  "the headers are longer than the limit of %d bytes"
                      .formatted(ControlServer.MAX_HEADERS));
          case TooLongHttpLineException _ ->
              new RefusedRequest(
                  414,
                  ErrorCode.E_INVALIDARG,
                  "the request line is longer than the limit of %d bytes"
                      .formatted(ControlServer.MAX_HEADERS));
          default -> RefusedRequest.malformed("this is not an HTTP request");
        });
    request.connection().close();
  }

  private void fail(HttpServerRequest request, Throwable failure) {
    Problem problem = Problem.of(failure);
    RequestId id = RequestId.of(request);
    if (problem.bug()) Cause.during(id.cause(), () -> bugs.accept(failure));
    Answer answer = Answer.of(problem, id);
    if (problem.status() == 401) answer = answer.with("WWW-Authenticate", "Bearer");
    send(request, answer);
  }

  private void send(HttpServerRequest request, Answer answer) {
    HttpServerResponse response = request.response();
    if (response.ended() || response.closed()) return;
    HttpConnection connection = request.connection();
    // A request that is refused before its end is not read to its end, if that takes long.
    boolean last = hasBody(request) && !request.isEnded();
    if (last) response.putHeader("Connection", "close");
    response
        .setStatusCode(answer.status())
        .putHeader("Cache-Control", "no-store")
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader("Cross-Origin-Resource-Policy", "same-origin");
    answer.headers().forEach(response::putHeader);
    Consumer<HttpServerResponse> stream = answer.stream();
    if (stream != null && !request.method().equals(HttpMethod.HEAD)) {
      response.endHandler(_ -> connections.answered(connection));
      stream.accept(response.setChunked(true));
      return; // no time limit: the writer of a stream waits for its client
    }
    connections.answering(connection);
    Buffer body = answer.body();
    (body == null ? response.end() : response.end(body))
        .onComplete(
            _ -> {
              if (last) connections.refused(connection);
              else connections.answered(connection);
            });
  }

  private static boolean hasBody(HttpServerRequest request) {
    String length = request.getHeader("Content-Length");
    return request.headers().contains("Transfer-Encoding") || length != null && !length.equals("0");
  }

  private static RefusedRequest tooLarge() {
    return new RefusedRequest(
        413,
        ErrorCode.E_INVALIDARG,
        "the body is longer than the limit of %d bytes".formatted(MAX_BODY));
  }

  private static RefusedRequest late() {
    return new RefusedRequest(
        408, ErrorCode.E_FAIL, "the request arrived too slowly; send it again without pauses");
  }
}
