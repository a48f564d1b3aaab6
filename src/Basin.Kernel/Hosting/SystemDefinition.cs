using System.Reflection;
using Basin.Kernel.Events;
using Basin.Kernel.FrontDoors;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Jobs;
using Basin.Kernel.Load;
using Basin.Kernel.Resilience;
using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Moving;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Hosting;

/// <summary>What a system tells the kernel about itself: its data, what it publishes, what it handles, what it refuses.</summary>
public sealed class SystemDefinition
{
    private readonly IHostApplicationBuilder _builder;
    private readonly List<Func<IServiceProvider, EventBinding>> _handlers = [];
    private readonly List<Func<IServiceProvider, JobBinding>> _jobs = [];
    private readonly Dictionary<string, string> _published = [];
    private readonly List<Problem> _problems = [];
    private readonly List<Type> _options = [];
    private readonly List<NavigationEntry> _navigation = [];

    internal SystemDefinition(IHostApplicationBuilder builder, string name, Assembly assembly, string folder)
    {
        (_builder, Name, Assembly) = (builder, name, assembly);
        Migrations = [.. Migration.In(typeof(SystemDefinition).Assembly, "kernel", "Storage"), .. Migration.In(assembly, name, folder)];
    }

    /// <summary>Lower case, one word: the name of its folder of data, of its routes and of its options.</summary>
    public string Name { get; }

    /// <summary>Where its migrations, routes and pages are.</summary>
    public Assembly Assembly { get; }

    public IServiceCollection Services => _builder.Services;

    /// <summary>Event types by name, with the prefix of the key's entity.</summary>
    public IReadOnlyDictionary<string, string> Published => _published;

    public IReadOnlyList<Problem> Problems => _problems;

    /// <summary>Its entries in the navigation of the console, and of the shop.</summary>
    public IReadOnlyList<NavigationEntry> Navigation => _navigation;

    /// <summary>The types bound to the configuration, section by section.</summary>
    public IReadOnlyList<Type> OptionTypes => _options;

    internal IReadOnlyList<Migration> Migrations { get; }

    /// <summary>Whether its keys may spread over several shards.</summary>
    internal bool MayShard { get; private set; }

    internal IdSequences Sequences { get; private set; } = IdSequences.All;

    /// <summary>The system that it runs with, wherever that is; null when it is placed by itself.</summary>
    internal string? Companion { get; private set; }

    /// <summary>Whether every process needs it.</summary>
    internal bool IsEverywhere { get; private set; }

    internal IReadOnlyList<Func<IServiceProvider, EventBinding>> Handlers => _handlers;

    internal IReadOnlyList<Func<IServiceProvider, JobBinding>> JobHandlers => _jobs;

    internal IReadOnlyList<Func<IServiceProvider, Housekeeping>> Housekeepers => _housekeepers;

    /// <summary>What is made anew where the data is moved to PostgreSQL.</summary>
    internal IReadOnlyList<RebuiltTable> Rebuilt => _rebuilt;

    private readonly List<Func<IServiceProvider, Housekeeping>> _housekeepers = [];
    private readonly List<RebuiltTable> _rebuilt = [];

    /// <summary>Allows more than one shard: no transaction of the system touches rows of two keys.</summary>
    public SystemDefinition Sharded()
    {
        MayShard = true;
        return this;
    }

    /// <summary>Says that its ids become those of another system's entities too; one that <see cref="TakesIds"/>.</summary>
    public SystemDefinition GivesIds()
    {
        Sequences = IdSequences.Lower;
        return this;
    }

    /// <summary>Says that it takes over ids from one that <see cref="GivesIds"/>, and makes others itself for entities of the same kind.</summary>
    public SystemDefinition TakesIds()
    {
        Sequences = IdSequences.Upper;
        return this;
    }

    /// <summary>Says that it runs in the processes of another system, which calls it without a front door.</summary>
    public SystemDefinition RunsWith(string companion)
    {
        Companion = companion;
        return this;
    }

    /// <summary>Says that no process can do without it.</summary>
    public SystemDefinition RunsEverywhere()
    {
        IsEverywhere = true;
        return this;
    }

    /// <summary>
    /// Offers a front door to other systems: <typeparamref name="TLocal"/> where the system runs, and where it does not <typeparamref name="TRemote"/>,
    /// which asks over HTTP.
    /// </summary>
    public SystemDefinition Offers<TDoor, TLocal, TRemote>()
        where TDoor : class
        where TLocal : class, TDoor
        where TRemote : class, TDoor
    {
        Services.AddSingleton<TDoor>(services => services.GetRequiredService<Placement>().IsHere(Name)
            ? services.GetRequiredService<TLocal>()
            : ActivatorUtilities.CreateInstance<TRemote>(services));
        return this;
    }

    /// <summary>Binds section <c>Basin:{section}</c>; a value out of range or an unknown name refuses the start.</summary>
    public SystemDefinition Options<TOptions>(string section)
        where TOptions : class
    {
        _builder.AddOptionsSection<TOptions>(section);
        _options.Add(typeof(TOptions));
        return this;
    }

    public SystemDefinition Publishes<TEvent>()
        where TEvent : class, IEvent<TEvent>
    {
        _published.Add(TEvent.Type.Name, TEvent.Type.KeyPrefix);
        return this;
    }

    /// <summary>Handles an event, whoever publishes it, in the transaction that moves the checkpoint.</summary>
    public SystemDefinition On<TEvent, THandler>(Func<THandler, Events.EventHandler<TEvent>> handler)
        where TEvent : class, IEvent<TEvent>
        where THandler : notnull
    {
        _handlers.Add(services => EventBinding.Of(handler(services.GetRequiredService<THandler>())));
        return this;
    }

    /// <inheritdoc cref="On{TEvent, THandler}"/>
    public SystemDefinition On<TEvent>(Events.EventHandler<TEvent> handler)
        where TEvent : class, IEvent<TEvent>
    {
        _handlers.Add(_ => EventBinding.Of(handler));
        return this;
    }

    /// <summary>Handles events that follow one another together.</summary>
    public SystemDefinition OnMany<TEvent>(EventsHandler<TEvent> handler)
        where TEvent : class, IEvent<TEvent>
    {
        _handlers.Add(_ => EventBinding.Of(handler));
        return this;
    }

    /// <summary>Handles an event in every shard of the system, once in each: for what concerns rows of many keys.</summary>
    public SystemDefinition OnEveryShard<TEvent>(Events.EventHandler<TEvent> handler)
        where TEvent : class, IEvent<TEvent>
    {
        _handlers.Add(_ => EventBinding.Of(handler, onEveryShard: true));
        return this;
    }

    /// <summary>Runs the jobs of a type.</summary>
    public SystemDefinition Runs<TJob, THandler>(Func<THandler, JobHandler<TJob>> handler)
        where TJob : class, IJob<TJob>
        where THandler : notnull
    {
        _jobs.Add(services => JobBinding.Of(handler(services.GetRequiredService<THandler>())));
        return this;
    }

    /// <summary>Repeats small work on each shard, such as an expiry. It is asked again at once while it returns true.</summary>
    /// <param name="inEachProcess">Whether each process has something of its own to do, not only the owner of the shard.</param>
    public SystemDefinition Every<THandler>(TimeSpan period, Func<THandler, Func<Transaction, ValueTask<bool>>> step, bool inEachProcess = false)
        where THandler : notnull
    {
        _housekeepers.Add(services => new Housekeeping(period, step(services.GetRequiredService<THandler>()), inEachProcess));
        return this;
    }

    /// <summary>
    /// Names a table that each engine keeps in its own way, so that a move to PostgreSQL does not copy its rows: it asks for some of them at a time, and
    /// again while that returns true.
    /// </summary>
    /// <param name="step">Goes on behind the rows that are there.</param>
    public SystemDefinition Rebuilds(string table, Func<Transaction, ValueTask<bool>> step)
    {
        _rebuilt.Add(new RebuiltTable(table, step));
        return this;
    }

    /// <summary>Declares something outside that the system calls; it is the keyed service <see cref="CalledDependency"/> of its name.</summary>
    /// <param name="isAnswer">Exceptions by which it answers; they are no failures of it.</param>
    /// <param name="isUsed">Whether there is one; always, when it is not said.</param>
    public SystemDefinition Calls<TOptions>(
        DependencyInfo info, Func<TOptions, CallLimits> limits, Func<Exception, bool>? isAnswer = null, Func<TOptions, bool>? isUsed = null)
        where TOptions : class
    {
        Services.AddKeyedSingleton(info.Name, (services, _) => new CalledDependency(
            info,
            limits(services.GetRequiredService<TOptions>()),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<Randomness>(),
            services.GetRequiredService<ILogger<CalledDependency>>(),
            isAnswer));
        return DependsOn(services => isUsed?.Invoke(services.GetRequiredService<TOptions>()) == false
            ? []
            : [services.GetRequiredKeyedService<CalledDependency>(info.Name)]);
    }

    /// <summary>Declares what the system depends on and makes itself, for the page and the numbers of dependencies.</summary>
    public SystemDefinition DependsOn(Func<IServiceProvider, IEnumerable<Dependency>> dependencies)
    {
        Services.AddSingleton(new DependencySource(services => services.GetRequiredService<Placement>().IsHere(Name) ? dependencies(services) : []));
        return this;
    }

    /// <summary>Puts something around every handler that was added so far, such as the faults of a test.</summary>
    internal void Surround(Func<EventBinding, EventBinding> events, Func<JobBinding, JobBinding> jobs)
    {
        for (var i = 0; i < _handlers.Count; i++)
        {
            var inner = _handlers[i];
            _handlers[i] = services => events(inner(services));
        }
        for (var i = 0; i < _jobs.Count; i++)
        {
            var inner = _jobs[i];
            _jobs[i] = services => jobs(inner(services));
        }
    }

    /// <summary>Adds an entry to the navigation: of the console when the path begins with <c>/console</c>, otherwise of the shop.</summary>
    /// <param name="icon">A symbol of <c>icons.svg</c>.</param>
    public SystemDefinition Shows(string title, string path, string icon = "list")
    {
        _navigation.Add(new NavigationEntry(title, path, icon));
        return this;
    }

    /// <summary>Names what it leaves out while the host has too much to do.</summary>
    public SystemDefinition Degrades(DegradedMode mode)
    {
        Services.AddSingleton(mode);
        return this;
    }

    /// <summary>Names the refusals for the catalogue of problems.</summary>
    public SystemDefinition Refuses(params IEnumerable<Problem> problems)
    {
        _problems.AddRange(problems);
        return this;
    }
}

/// <summary>A page that people find in the navigation.</summary>
public sealed record NavigationEntry(string Title, string Path, string Icon);

/// <summary>Small work repeated on each shard.</summary>
internal sealed record Housekeeping(TimeSpan Period, Func<Transaction, ValueTask<bool>> Step, bool InEachProcess = false);

public static class SystemHosting
{
    extension(IHostApplicationBuilder builder)
    {
        /// <summary>Declares a system; its store is the keyed service <c>Store</c> of its name.</summary>
        /// <param name="name">Lower case, one word.</param>
        /// <param name="assembly">Where its migrations are.</param>
        /// <param name="folder">The folder that holds its <c>Schema</c>, where the assembly holds more than one.</param>
        public SystemDefinition AddSystem(string name, Assembly assembly, string folder = "")
        {
            var definition = new SystemDefinition(builder, name, assembly, folder);
            builder.Services.AddSingleton(definition);
            builder.Services.AddKeyedSingleton(name, (services, _) => services.GetRequiredService<Stores>().Of(name));
            return definition;
        }
    }
}
